//! TFTP datagrams (RFC 1350 and 2347), from units and from clients.

use trunkline_protocol::tftp::packet::Packet;

/// What decodes is encoded into a datagram that decodes to the same.
pub(crate) fn run(data: &[u8]) {
    let Ok(packet) = Packet::decode(data) else {
        return;
    };
    if let Packet::Error { text, .. } = &packet {
        assert!(!text.chars().any(char::is_control), "{text:?}");
    }
    let bytes = packet.encode();
    assert_eq!(
        as_sent(Packet::decode(&bytes).unwrap()),
        as_sent(packet),
        "{bytes:02x?}"
    );
}

/// Without what is never sent again: options that this program does not know, and words beyond their limit.
fn as_sent(mut packet: Packet<'_>) -> Packet<'_> {
    match &mut packet {
        Packet::Read(request) | Packet::Write(request) => request.options.unknown = 0,
        Packet::OptionAck(options) => options.unknown = 0,
        Packet::Error { text, .. } => *text = "".into(),
        Packet::Data { .. } | Packet::Ack { .. } => {}
    }
    packet
}
