//! From the bytes of a question to the bytes of an answer.
//!
//! Whatever arrives, nothing is worse than an error answer: FORMERR where there is a header to answer to, silence where
//! there is none — and silence towards answers, so that two servers can never talk to each other for ever.

use hickory_proto::op::{Edns, Header, Message, MessageType, Metadata, OpCode, Query, ResponseCode};
use hickory_proto::rr::DNSClass;
use hickory_proto::serialize::binary::{BinDecodable, BinDecoder};

use super::names::Findings;

/// The largest packet this server asks for over UDP (the usual value since 2020).
const PAYLOAD: u16 = 1232;

/// The answer to a packet, if it gets one.
pub(crate) fn answer(packet: &[u8], find: impl FnOnce(&Query) -> Findings) -> Option<Vec<u8>> {
    let header = Header::read(&mut BinDecoder::new(packet)).ok()?;
    if header.metadata.message_type == MessageType::Response {
        return None;
    }
    let request = match readable(&header, packet) {
        Ok(request) => request,
        Err(code) => {
            let mut error = Message::error_msg(header.metadata.id, header.metadata.op_code, code);
            error.metadata.recursion_desired = header.metadata.recursion_desired;
            return error.to_vec().ok();
        }
    };
    // Three short records at most: it fits every packet, EDNS or not.
    respond(&request, find).to_vec().ok()
}

fn readable(header: &Header, packet: &[u8]) -> Result<Message, ResponseCode> {
    if header.metadata.op_code != OpCode::Query {
        return Err(ResponseCode::NotImp);
    }
    // Exactly one question (RFC 9619 §4).
    if header.counts.queries != 1 {
        return Err(ResponseCode::FormErr);
    }
    Message::from_vec(packet).map_err(|_| ResponseCode::FormErr)
}

fn respond(request: &Message, find: impl FnOnce(&Query) -> Findings) -> Message {
    let mut response = Message::response(request.metadata.id, OpCode::Query);
    response.metadata = Metadata::response_from_request(&request.metadata);
    response.add_queries(request.queries.iter().cloned());
    if let Some(edns) = &request.edns {
        // A question with the record is answered with it (RFC 6891 §6.1.1).
        let mut own = Edns::new();
        own.set_max_payload(PAYLOAD);
        own.set_dnssec_ok(edns.flags().dnssec_ok);
        response.set_edns(own);
        if edns.version() > 0 {
            response.metadata.response_code = ResponseCode::BADVERS;
            return response;
        }
    }
    let Some(query) = request
        .queries
        .first()
        .filter(|query| query.query_class() == DNSClass::IN)
    else {
        response.metadata.response_code = ResponseCode::Refused;
        return response;
    };
    let findings = find(query);
    response.metadata.response_code = findings.code;
    if findings.code != ResponseCode::Refused {
        // Both at once, as a resolver says that holds the zone itself.
        response.metadata.authoritative = true;
        response.metadata.recursion_available = true;
    }
    response.add_answers(findings.answers);
    response.add_authorities(findings.authority);
    response
}

#[cfg(test)]
mod tests {
    use hickory_proto::op::{Edns, Message, MessageType, OpCode, Query, ResponseCode};
    use hickory_proto::rr::{DNSClass, Name, RecordType};
    use proptest::prelude::*;

    use super::answer;
    use crate::network::dns::names::{Names, View};
    use crate::network::private_link::PrivateEndpoint;

    const HOST: &str = "adb-12.7.azuredatabricks.net";

    fn ask_at(host: &str, packet: &[u8]) -> Option<Message> {
        let names = Names::new(host, "127.0.0.2".parse().unwrap(), "127.0.0.1".parse().unwrap()).unwrap();
        let bytes = answer(packet, |query| {
            let approved = PrivateEndpoint::Approved;
            names.find(query.name(), query.query_type(), View::Outside, approved)
        })?;
        Some(Message::from_vec(&bytes).expect("an answer can be read"))
    }

    fn ask(packet: &[u8]) -> Option<Message> {
        ask_at(HOST, packet)
    }

    fn question(host: &str) -> Message {
        let mut message = Message::new(4711, MessageType::Query, OpCode::Query);
        message.metadata.recursion_desired = true;
        let name = Name::from_ascii(format!("{host}.")).unwrap();
        message.add_query(Query::query(name, RecordType::A));
        message
    }

    #[test]
    fn the_answer_keeps_id_question_and_letter_case() {
        let asked = question("AdB-12.7.azureDatabricks.NET");
        let got = ask(&asked.to_vec().unwrap()).unwrap();
        assert_eq!(
            (got.metadata.id, got.metadata.response_code),
            (4711, ResponseCode::NoError)
        );
        assert!(got.metadata.recursion_desired && got.metadata.authoritative);
        assert!(got.queries[0].name().eq_case(asked.queries[0].name()));
        assert!(got.answers[0].name.eq_case(asked.queries[0].name()));
        assert_eq!(got.answers.len(), 3);
        assert!(got.edns.is_none());
    }

    #[test]
    fn edns_is_answered_with_edns_and_an_unknown_version_with_badvers() {
        let mut asked = question(HOST);
        let mut edns = Edns::new();
        edns.set_max_payload(4096);
        asked.set_edns(edns.clone());
        let got = ask(&asked.to_vec().unwrap()).unwrap();
        assert_eq!((got.answers.len(), got.version()), (3, 0));
        assert!(got.edns.is_some());
        edns.set_version(1);
        asked.set_edns(edns);
        let got = ask(&asked.to_vec().unwrap()).unwrap();
        assert_eq!(
            // The number is BADSIG's as well.
            (u16::from(got.metadata.response_code), got.answers.len()),
            (u16::from(ResponseCode::BADVERS), 0)
        );
    }

    #[test]
    fn what_cannot_be_served_gets_the_code_that_says_so() {
        let code = |message: &Message| ask(&message.to_vec().unwrap()).unwrap().metadata.response_code;
        let mut update = question(HOST);
        update.metadata.op_code = OpCode::Notify;
        assert_eq!(code(&update), ResponseCode::NotImp);
        let mut two = question(HOST);
        two.add_query(Query::query(Name::root(), RecordType::A));
        assert_eq!(code(&two), ResponseCode::FormErr);
        let mut none = question(HOST);
        none.queries.clear();
        assert_eq!(code(&none), ResponseCode::FormErr);
        let mut chaos = question(HOST);
        chaos.queries[0].set_query_class(DNSClass::CH);
        assert_eq!(code(&chaos), ResponseCode::Refused);
    }

    #[test]
    fn a_broken_question_gets_formerr_and_answers_and_scraps_get_silence() {
        let whole = question(HOST).to_vec().unwrap();
        for length in 0..whole.len() {
            let got = ask(&whole[..length]);
            let code = got.as_ref().map(|got| (got.metadata.id, got.metadata.response_code));
            let expected = (length >= 12).then_some((4711, ResponseCode::FormErr));
            assert_eq!(code, expected, "{length} bytes");
        }
        let response = question(HOST).into_response();
        assert_eq!(ask(&response.to_vec().unwrap()), None);
    }

    #[test]
    fn the_longest_answer_fits_the_smallest_packet() {
        let host = format!("adb-1.2.{0}.{0}.{0}.net", "a".repeat(60));
        let packet = question(&host).to_vec().unwrap();
        let found = ask_at(&host, &packet).unwrap();
        assert_eq!(found.answers.len(), 3);
        assert!(found.to_vec().unwrap().len() <= 512);
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..80)) {
            let _ = ask(&bytes);
        }

        #[test]
        fn no_change_of_a_question_makes_it_panic(at in 0_usize..46, byte: u8) {
            let mut packet = question(HOST).to_vec().unwrap();
            let at = at % packet.len();
            packet[at] = byte;
            let _ = ask(&packet);
        }
    }
}
