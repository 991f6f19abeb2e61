//! Log-in: the vector of protocol.md section 9, refusals and impostors.

use super::*;

fn holds(wire: &[u8], secret: &[u8]) -> bool {
    wire.windows(secret.len()).any(|window| window == secret)
}

#[test]
fn the_log_in_is_the_published_vector_byte_for_byte() {
    let mut line = Line::new();
    let challenge = line.challenged();
    let keys = Keys::derive(
        "Administrator",
        &"Grüße-42".into(),
        &challenge.salt,
        challenge.iterations,
    );
    let channel = Channel {
        service: Service::Configuration,
        certificate: None,
    };
    let proofs = keys.prove(&channel, &challenge, &hex(CLIENT_NONCE));
    line.client.prove(hex(CLIENT_NONCE), &proofs, line.now);
    line.sends(&format!(
        "490053 00300001 00000002 00000053 0020 {CLIENT_NONCE} 0020 {PROOF}"
    ));
    let events = line.arrives(&format!(
        "49006c 80300001 00000002 00000000 00540201 0020 {UNIT_PROOF} 00540202 0004 00000105 \
         00540203 0002 001e deadbeef 0000 00540204 0002 4d6f 00540301 0003 723431 \
         00540302 0008 0000000000200000"
    ));
    let log_in = LogIn {
        must_change_password: false,
        rights: Some(Rights(0x105)),
        password_expires_days: Some(30),
        last_login: Some("Mo".into()),
        revision: Some("r41".into()),
        largest_object: Some(2 * 1024 * 1024),
    };
    assert_eq!(events, Ok(vec![Event::LoggedIn(log_in)]));

    assert!(holds(&line.wire, b"Trunkline"), "the search finds what is there");
    for secret in ["Administrator", "Admin", "Grüße-42", "Gr", "-42"] {
        assert!(
            !holds(&line.wire, secret.as_bytes()),
            "{secret} went over the wire"
        );
    }
}

#[test]
fn the_log_in_works_however_it_is_torn_and_in_both_length_forms() {
    for long in [false, true] {
        let form = |text: &str| if long { long_form(&hex(text)) } else { hex(text) };
        let step_2 = form(&challenge(50_000));
        let step_4 = form(&format!(
            "490035 80300001 00000002 00000000 00540201 0020 {UNIT_PROOF}"
        ));
        for cut in 0..=step_2.len().max(step_4.len()) {
            let torn = |whole: &Bytes| {
                let cut = cut.min(whole.len());
                [whole.slice(..cut), whole.slice(cut..)]
            };
            let mut line = Line::new();
            line.client.request_challenge("Trunkline", line.now);
            line.sends("49001f 00300001 00000001 00000003 007e0001 000a 5472756e6b6c696e6500");
            let events = line.arrives_in_pieces(torn(&step_2)).unwrap();
            assert!(matches!(events[..], [Event::Challenge(_)]), "{events:?}");
            line.prove();
            let events = line.arrives_in_pieces(torn(&step_4));
            assert_eq!(
                events,
                Ok(vec![Event::LoggedIn(LogIn::default())]),
                "cut at {cut}"
            );
        }
    }
}

#[test]
fn a_password_that_must_be_changed_is_a_log_in_that_says_so() {
    let mut line = Line::new();
    line.challenged();
    line.prove();
    let events = line.arrives(&format!(
        "490035 80300001 00000002 80000045 00540201 0020 {UNIT_PROOF}"
    ));
    let log_in = LogIn {
        must_change_password: true,
        ..LogIn::default()
    };
    assert_eq!(events, Ok(vec![Event::LoggedIn(log_in)]));

    line.client.change_password("Neu-43".into(), line.now);
    assert!(!format!("{:?}", line.client).contains("Neu"));
    line.sends("490013 00540051 00000003 0006 4e65752d3433");
    assert_eq!(
        line.arrives("49000f 80540051 00000003 80000052"),
        Ok(vec![Event::Refused(refusal(Outcome::TlsRequired))])
    );
    line.client.change_password("Neu-43".into(), line.now);
    line.sends("490013 00540051 00000004 0006 4e65752d3433");
    assert_eq!(
        line.arrives("49000f 80540051 00000004 00000000"),
        Ok(vec![Event::PasswordChanged])
    );
}

#[test]
fn whoever_can_not_prove_the_password_is_an_impostor() {
    // Its last bit is another.
    let wrong = UNIT_PROOF.replace("978e", "978f");
    assert_ne!(wrong, UNIT_PROOF);
    for result in ["00000000", "80000045"] {
        for answer in [
            format!("490035 80300001 00000002 {result} 00540201 0020 {wrong}"),
            format!("490035 80300001 00000002 {result} 00540201 0020 {ZEROS}"),
            // The client's own proof, sent back.
            format!("490035 80300001 00000002 {result} 00540201 0020 {PROOF}"),
            format!(
                "490034 80300001 00000002 {result} 00540201 001f {}",
                &UNIT_PROOF[2..]
            ),
            format!("490036 80300001 00000002 {result} 00540201 0021 {UNIT_PROOF}00"),
            format!("490035 80300001 00000002 {result} 00540202 0020 {UNIT_PROOF}"),
            // Only the first of two counts.
            format!("49005b 80300001 00000002 {result} 00540201 0020 {wrong} 00540201 0020 {UNIT_PROOF}"),
            format!("49000f 80300001 00000002 {result}"),
        ] {
            let mut line = Line::new();
            line.challenged();
            line.prove();
            assert_eq!(line.arrives(&answer), Err(LinkError::Impostor), "{answer}");
            assert_eq!(line.events(), []);
        }
    }
}

#[test]
fn a_refused_log_in_says_why_and_a_new_challenge_may_be_asked_for() {
    let attempts = Refusal {
        attempts_left: Some(2),
        ..refusal(Outcome::AuthenticationFailed)
    };
    let locked = Refusal {
        retry_after_s: Some(60),
        ..refusal(Outcome::Locked)
    };
    for (body, length, expect) in [
        ("80000041 00540206 0002 0002", "17", attempts),
        ("80000042 00540205 0004 0000003c", "19", locked),
        ("80000043", "0f", refusal(Outcome::RetryLater)),
        ("80000046", "0f", refusal(Outcome::AccountDisabled)),
        ("80000044", "0f", refusal(Outcome::Other(0x8000_0044))),
    ] {
        let mut line = Line::new();
        line.challenged();
        line.prove();
        let events = line.arrives(&format!("4900{length} 80300001 00000002 {body}"));
        assert_eq!(events, Ok(vec![Event::Refused(expect.clone())]));
        line.client.request_challenge("", line.now);
        line.sends("490016 00300001 00000003 00000003 007e0001 0001 00");
        // The source may be refused before any challenge, too.
        let events = line.arrives(&format!("4900{length} 80300001 00000003 {body}"));
        assert_eq!(events, Ok(vec![Event::Refused(expect)]));
    }
}

#[test]
fn a_challenge_outside_its_bounds_ends_the_connection() {
    for iterations in [0, 49_999, 1_000_001, 4_000_000_000, u32::MAX] {
        let mut line = Line::new();
        line.client.request_challenge("Trunkline", line.now);
        let error = LinkError::ChallengeOutOfBounds {
            what: "iterations",
            value: iterations.into(),
            min: 50_000,
            max: 1_000_000,
        };
        assert_eq!(line.arrives(&challenge(iterations)), Err(error));
        assert_eq!(line.events(), []);
    }
    let mut line = Line::new();
    line.client = Client::new(PATIENCE, line.now).with_iterations(100_000..=1_000_000);
    line.client.request_challenge("Trunkline", line.now);
    let fewer = line.arrives(&challenge(99_999));
    assert!(matches!(
        fewer,
        Err(LinkError::ChallengeOutOfBounds { min: 100_000, .. })
    ));
}

#[test]
fn nothing_but_a_proof_makes_a_log_in() {
    let success = format!("490035 80300001 00000001 00000000 00540201 0020 {UNIT_PROOF}");
    let unexpected = Err(LinkError::Unexpected {
        kind: 0x8030_0001,
        request: 1,
    });
    let mut line = Line::new();
    line.client.request_challenge("Trunkline", line.now);
    assert_eq!(
        line.arrives(&success),
        unexpected,
        "success instead of a challenge"
    );

    let mut line = Line::new();
    line.challenged();
    assert_eq!(
        line.arrives(&success),
        unexpected,
        "success before the proof was sent"
    );

    let mut line = Line::new();
    line.challenged();
    line.prove();
    let again = challenge(50_000).replace("00000001 00000003", "00000002 00000003");
    assert!(matches!(
        line.arrives(&again),
        Err(LinkError::Unexpected { request: 2, .. })
    ));
}
