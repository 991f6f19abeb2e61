//! The fuzz targets over their seeds, so that a stable compiler and every ordinary test run keep them alive.
//!
//! Each seed is also cut at every byte, and spoilt at every byte: that costs little and is where decoders break.

#![expect(clippy::unwrap_used, reason = "a test's panic is its report")]

use std::fs;
use std::path::Path;

#[path = "../../fuzz/targets/api_answer.rs"]
mod api_answer;
#[path = "../../fuzz/targets/archive_index.rs"]
mod archive_index;
#[path = "../../fuzz/targets/audit.rs"]
mod audit;
#[path = "../../fuzz/targets/criteria.rs"]
mod criteria;
#[path = "../../fuzz/targets/devlink_client.rs"]
mod devlink_client;
#[path = "../../fuzz/targets/devlink_message.rs"]
mod devlink_message;
#[path = "../../fuzz/targets/document.rs"]
mod document;
#[path = "../../fuzz/targets/identification.rs"]
mod identification;
#[path = "../../fuzz/targets/link_answer.rs"]
mod link_answer;
#[path = "../../fuzz/targets/link_client.rs"]
mod link_client;
#[path = "../../fuzz/targets/link_frame.rs"]
mod link_frame;
#[path = "../../fuzz/targets/link_request.rs"]
mod link_request;
#[path = "../../fuzz/targets/link_resume.rs"]
mod link_resume;
#[path = "../../fuzz/targets/nasystem.rs"]
mod nasystem;
#[path = "../../fuzz/targets/security.rs"]
mod security;
#[path = "../../fuzz/targets/site_list.rs"]
mod site_list;
#[path = "../../fuzz/targets/tftp_incoming.rs"]
mod tftp_incoming;
#[path = "../../fuzz/targets/tftp_outgoing.rs"]
mod tftp_outgoing;
#[path = "../../fuzz/targets/tftp_packet.rs"]
mod tftp_packet;
#[path = "../../fuzz/targets/three_way.rs"]
mod three_way;
#[path = "../../fuzz/targets/who_is.rs"]
mod who_is;
#[path = "../../fuzz/targets/who_is_search.rs"]
mod who_is_search;

/// Runs `target` on each seed of its folder, on its beginnings and on its spoilt copies; a failure shows which.
fn replay(folder: &str, target: fn(&[u8])) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../fuzz/corpus")
        .join(folder);
    let mut seeds = 0;
    for entry in fs::read_dir(&folder).unwrap() {
        let path = entry.unwrap().path();
        let seed = fs::read(&path).unwrap();
        println!("{}", path.display());
        target(&seed);
        for at in 0..seed.len() {
            println!("cut or spoilt at {at}");
            target(&seed[..at]);
            for mask in [0x01, 0x20, 0x80, 0xFF] {
                let mut spoilt = seed.clone();
                spoilt[at] ^= mask;
                target(&spoilt);
            }
        }
        seeds += 1;
    }
    assert!(seeds > 0, "{} holds no seed", folder.display());
}

#[test]
fn link_answers() {
    replay("link_answer", link_answer::run);
}

#[test]
fn link_requests() {
    replay("link_request", link_request::run);
}

#[test]
fn link_clients() {
    replay("link_client", link_client::run);
}

#[test]
fn who_is_texts() {
    replay("who_is", who_is::run);
}

#[test]
fn tftp_packets() {
    replay("tftp_packet", tftp_packet::run);
}

#[test]
fn search_criteria() {
    replay("criteria", criteria::run);
}

#[test]
fn documents() {
    replay("document", document::run);
}

#[test]
fn management_api_answers() {
    replay("api_answer", api_answer::run);
}

#[test]
fn link_frames() {
    replay("link_frame", link_frame::run);
}

#[test]
fn resumed_receives() {
    replay("link_resume", link_resume::run);
}

#[test]
fn devlink_messages() {
    replay("devlink_message", devlink_message::run);
}

#[test]
fn devlink_clients() {
    replay("devlink_client", devlink_client::run);
}

#[test]
fn nasystem_files() {
    replay("nasystem", nasystem::run);
}

#[test]
fn tftp_files_that_come_in() {
    replay("tftp_incoming", tftp_incoming::run);
}

#[test]
fn tftp_files_that_go_out() {
    replay("tftp_outgoing", tftp_outgoing::run);
}

#[test]
fn searches_over_udp() {
    replay("who_is_search", who_is_search::run);
}

#[test]
fn security_settings() {
    replay("security", security::run);
}

#[test]
fn two_sets_of_changes() {
    replay("three_way", three_way::run);
}

#[test]
fn audit_trails() {
    replay("audit", audit::run);
}

#[test]
fn lists_of_sites() {
    replay("site_list", site_list::run);
}

#[test]
fn indexes_of_archives() {
    replay("archive_index", archive_index::run);
}

#[test]
fn words_of_web_servers_and_versions() {
    replay("identification", identification::run);
}
