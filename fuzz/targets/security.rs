//! Security settings as a unit or a file has them (protocol.md section 5), and their rules.

use trunkline_document::security::{Level, SecurityEdit, SecuritySettings, Setting, changes};

/// Settings are kept byte by byte, are no different from themselves, and a change that is refused changes nothing; one
/// that is made is there when they are read again.
pub(crate) fn run(data: &[u8]) {
    let Ok(settings) = SecuritySettings::load(data.to_vec()) else {
        return;
    };
    assert_eq!(settings.as_bytes(), data);
    assert!(changes(&settings, &settings).is_empty());
    assert_eq!(settings.problems(&[]), settings.problems(&[]));
    let _ = settings.findings();
    for edit in edits(&settings) {
        let mut changed = settings.clone();
        match changed.apply(&edit) {
            Err(_) | Ok(false) => assert!(changed == settings, "{edit:?}"),
            Ok(true) => {
                assert!(changed != settings, "{edit:?}");
                let again = SecuritySettings::load(changed.as_bytes().to_vec()).unwrap();
                assert!(changes(&changed, &again).is_empty(), "{edit:?}");
                // The same once more is no change.
                let twice = changed.apply(&edit);
                let adds = matches!(edit, SecurityEdit::AddUser { .. } | SecurityEdit::AddGroup { .. });
                let removes = matches!(
                    edit,
                    SecurityEdit::RemoveUser { .. } | SecurityEdit::RemoveGroup { .. }
                );
                assert!(adds || removes || twice == Ok(false), "{edit:?}: {twice:?}");
            }
        }
    }
}

/// One change of each kind to what there is.
fn edits(settings: &SecuritySettings) -> Vec<SecurityEdit> {
    let mut edits: Vec<_> = Setting::ALL
        .into_iter()
        .flat_map(|setting| {
            ["8", "", "0"].map(|value| SecurityEdit::Set {
                setting,
                value: value.into(),
            })
        })
        .collect();
    edits.push(SecurityEdit::AddUser {
        user: "Neu & anders".into(),
        groups: settings
            .groups()
            .into_iter()
            .take(1)
            .map(|group| group.name)
            .collect(),
    });
    edits.push(SecurityEdit::AddGroup {
        group: "Gruppe <1>".into(),
        rights: vec!["read_security".into()],
    });
    for service in settings.services().into_iter().take(2) {
        edits.push(SecurityEdit::ServiceLevel {
            service: service.name,
            level: Level::SecureHigh,
        });
    }
    for interface in settings.interfaces().into_iter().take(2) {
        edits.push(SecurityEdit::Interface {
            interface: interface.name,
            enabled: !interface.enabled,
        });
    }
    for user in settings.users().into_iter().take(2) {
        edits.push(SecurityEdit::EnableUser {
            user: user.name.clone(),
            enabled: !user.enabled,
        });
        edits.push(SecurityEdit::RemoveUser { user: user.name });
    }
    for group in settings.groups().into_iter().take(2) {
        edits.push(SecurityEdit::RemoveGroup { group: group.name });
    }
    edits
}
