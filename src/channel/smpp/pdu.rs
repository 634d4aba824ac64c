//! The dozen PDUs that a transceiver needs, between octets and values (SMPP 3.4, chapters 3 to 5).
//!
//! What comes in was written by somebody else: a length is judged before anything is set aside for it,
//! every read is bounded by its frame, and a string without its final NUL ends where its frame does, as
//! some centres write them.

/// Octets of the header that begins every PDU.
pub const HEADER: usize = 16;
/// No PDU is longer: a `message_payload` of 64 KiB and its surroundings. Longer ones are not read.
pub const LONGEST: usize = 66_000;
/// `interface_version` of SMPP 3.4.
const VERSION: u8 = 0x34;
/// Set in the command id of every response.
const RESPONSE: u32 = 0x8000_0000;

const BIND_TRANSCEIVER: u32 = 0x09;
const SUBMIT_SM: u32 = 0x04;
const DELIVER_SM: u32 = 0x05;
const UNBIND: u32 = 0x06;
const ENQUIRE_LINK: u32 = 0x15;
const DATA_SM: u32 = 0x103;

/// Optional parameters (§5.3.2).
pub mod tag {
    pub const RECEIPTED_MESSAGE_ID: u16 = 0x001e;
    pub const USER_MESSAGE_REFERENCE: u16 = 0x0204;
    pub const SAR_MSG_REF_NUM: u16 = 0x020c;
    pub const SAR_TOTAL_SEGMENTS: u16 = 0x020e;
    pub const SAR_SEGMENT_SEQNUM: u16 = 0x020f;
    pub const MESSAGE_PAYLOAD: u16 = 0x0424;
    pub const MESSAGE_STATE: u16 = 0x0427;
}

/// One PDU with its header.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Frame {
    pub status: u32,
    /// A response bears the number of its request.
    pub sequence: u32,
    pub pdu: Pdu,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Pdu {
    BindTransceiver(Bind),
    BindTransceiverResp {
        system_id: String,
    },
    SubmitSm(Box<Sm>),
    SubmitSmResp {
        message_id: String,
    },
    DeliverSm(Box<Sm>),
    DeliverSmResp,
    DataSm(Box<Sm>),
    DataSmResp,
    EnquireLink,
    EnquireLinkResp,
    Unbind,
    UnbindResp,
    GenericNack,
    /// A request by its command id that is not known here.
    UnknownRequest(u32),
    /// A response by its command id to something that was never asked.
    UnknownResponse(u32),
}

/// Who wants in.
#[derive(Clone, PartialEq, Eq)]
pub struct Bind {
    pub system_id: String,
    pub password: String,
    pub system_type: String,
}

/// The password stays out of every log.
impl std::fmt::Debug for Bind {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Bind").field("system_id", &self.system_id).finish_non_exhaustive()
    }
}

/// A number or a name, and of which kind it is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Address {
    /// Type of number: 1 international, 3 network specific, 5 alphanumeric. (§5.2.5)
    pub ton: u8,
    /// Numbering plan: 1 telephone numbers. (§5.2.6)
    pub npi: u8,
    pub digits: String,
}

/// A short message on its way in either direction.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sm {
    pub service_type: String,
    pub source: Address,
    pub destination: Address,
    pub esm_class: u8,
    pub protocol_id: u8,
    pub priority: u8,
    pub schedule: String,
    /// Absolute or relative (§7.1.1); empty for the centre's own.
    pub validity: String,
    pub registered_delivery: u8,
    pub replace_if_present: u8,
    pub data_coding: u8,
    pub default_message: u8,
    pub short_message: Vec<u8>,
    /// In the order in which they came.
    pub tlvs: Vec<(u16, Vec<u8>)>,
}

impl Sm {
    pub fn tlv(&self, tag: u16) -> Option<&[u8]> {
        self.tlvs.iter().find(|(one, _)| *one == tag).map(|(_, value)| value.as_slice())
    }

    /// An optional parameter that is a number of one or two octets.
    pub fn number(&self, tag: u16) -> Option<u16> {
        match *self.tlv(tag)? {
            [one] => Some(u16::from(one)),
            [high, low] => Some(u16::from_be_bytes([high, low])),
            _ => None,
        }
    }

    /// An optional parameter that is a string, without its final NUL.
    pub fn string(&self, tag: u16) -> Option<String> {
        let value = self.tlv(tag)?;
        let end = value.iter().position(|octet| *octet == 0).unwrap_or(value.len());
        Some(String::from_utf8_lossy(&value[..end]).into_owned())
    }

    /// What it says, wherever it stands.
    pub fn text(&self) -> &[u8] {
        match self.tlv(tag::MESSAGE_PAYLOAD) {
            Some(payload) if self.short_message.is_empty() => payload,
            _ => &self.short_message,
        }
    }
}

/// A PDU whose frame stands and whose inside does not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Malformed {
    pub sequence: u32,
    pub command: u32,
}

impl Malformed {
    /// Whether an answer is expected: a response is never answered.
    pub fn is_request(self) -> bool {
        self.command & RESPONSE == 0
    }
}

/// The length that a header announces, if a PDU can be so long.
pub fn announced(header: [u8; HEADER]) -> Result<usize, u32> {
    let length = u32::from_be_bytes([header[0], header[1], header[2], header[3]]);
    match usize::try_from(length) {
        Ok(fits) if (HEADER..=LONGEST).contains(&fits) => Ok(fits),
        _ => Err(length),
    }
}

/// Reads one whole PDU, header included.
pub fn decode(frame: &[u8]) -> Result<Frame, Malformed> {
    let mut octets = Octets(frame);
    let head = (octets.u32(), octets.u32(), octets.u32(), octets.u32());
    let (Some(_), Some(command), Some(status), Some(sequence)) = head else {
        return Err(Malformed { sequence: 0, command: 0 });
    };
    let pdu = body(command, status, octets).ok_or(Malformed { sequence, command })?;
    Ok(Frame { status, sequence, pdu })
}

fn body(command: u32, status: u32, mut octets: Octets<'_>) -> Option<Pdu> {
    Some(match command {
        BIND_TRANSCEIVER => {
            let bind =
                Bind { system_id: octets.string(), password: octets.string(), system_type: octets.string() };
            Pdu::BindTransceiver(bind)
        }
        SUBMIT_SM => Pdu::SubmitSm(Box::new(octets.sm()?)),
        DELIVER_SM => Pdu::DeliverSm(Box::new(octets.sm()?)),
        DATA_SM => Pdu::DataSm(Box::new(octets.data()?)),
        ENQUIRE_LINK => Pdu::EnquireLink,
        UNBIND => Pdu::Unbind,
        request if request & RESPONSE == 0 => Pdu::UnknownRequest(request),
        response => match response & !RESPONSE {
            0 => Pdu::GenericNack,
            // A refusal needs no body (§4.4.2); what some centres write there all the same is no name.
            SUBMIT_SM => {
                Pdu::SubmitSmResp { message_id: if status == 0 { octets.string() } else { String::new() } }
            }
            BIND_TRANSCEIVER => Pdu::BindTransceiverResp { system_id: octets.string() },
            DELIVER_SM => Pdu::DeliverSmResp,
            DATA_SM => Pdu::DataSmResp,
            ENQUIRE_LINK => Pdu::EnquireLinkResp,
            UNBIND => Pdu::UnbindResp,
            _ => Pdu::UnknownResponse(response),
        },
    })
}

/// What is left of a frame.
struct Octets<'a>(&'a [u8]);

impl<'a> Octets<'a> {
    fn take(&mut self, count: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(count)?;
        self.0 = rest;
        Some(taken)
    }

    fn u8(&mut self) -> Option<u8> {
        self.take(1)?.first().copied()
    }

    fn u16(&mut self) -> Option<u16> {
        self.take(2)?.try_into().ok().map(u16::from_be_bytes)
    }

    fn u32(&mut self) -> Option<u32> {
        self.take(4)?.try_into().ok().map(u32::from_be_bytes)
    }

    fn string(&mut self) -> String {
        let end = self.0.iter().position(|octet| *octet == 0);
        let (text, rest) = match end {
            Some(end) => (&self.0[..end], &self.0[end + 1..]),
            None => (self.0, &[][..]),
        };
        self.0 = rest;
        String::from_utf8_lossy(text).into_owned()
    }

    fn address(&mut self) -> Option<Address> {
        Some(Address { ton: self.u8()?, npi: self.u8()?, digits: self.string() })
    }

    fn sm(&mut self) -> Option<Sm> {
        Some(Sm {
            service_type: self.string(),
            source: self.address()?,
            destination: self.address()?,
            esm_class: self.u8()?,
            protocol_id: self.u8()?,
            priority: self.u8()?,
            schedule: self.string(),
            validity: self.string(),
            registered_delivery: self.u8()?,
            replace_if_present: self.u8()?,
            data_coding: self.u8()?,
            default_message: self.u8()?,
            short_message: {
                let length = self.u8()?;
                self.take(usize::from(length))?.to_vec()
            },
            tlvs: self.tlvs()?,
        })
    }

    fn data(&mut self) -> Option<Sm> {
        Some(Sm {
            service_type: self.string(),
            source: self.address()?,
            destination: self.address()?,
            esm_class: self.u8()?,
            registered_delivery: self.u8()?,
            data_coding: self.u8()?,
            tlvs: self.tlvs()?,
            ..Sm::default()
        })
    }

    /// A rest too short for a tag and a length is nothing.
    fn tlvs(&mut self) -> Option<Vec<(u16, Vec<u8>)>> {
        let mut tlvs = Vec::new();
        while self.0.len() >= 4 {
            let (tag, length) = (self.u16()?, self.u16()?);
            tlvs.push((tag, self.take(usize::from(length))?.to_vec()));
        }
        Some(tlvs)
    }
}

/// Writes one PDU. Strings end at their first NUL, and a short message at 254 octets.
pub fn encode(frame: &Frame) -> Vec<u8> {
    let (command, body) = match &frame.pdu {
        Pdu::BindTransceiver(bind) => (BIND_TRANSCEIVER, {
            let mut body = Vec::new();
            string(&mut body, &bind.system_id);
            string(&mut body, &bind.password);
            string(&mut body, &bind.system_type);
            // Any number and any kind: an empty address range.
            body.extend([VERSION, 0, 0, 0]);
            body
        }),
        Pdu::BindTransceiverResp { system_id } => (RESPONSE | BIND_TRANSCEIVER, {
            let mut body = Vec::new();
            string(&mut body, system_id);
            body
        }),
        Pdu::SubmitSm(sm) => (SUBMIT_SM, sm_body(sm)),
        Pdu::SubmitSmResp { message_id } => (RESPONSE | SUBMIT_SM, {
            let mut body = Vec::new();
            string(&mut body, message_id);
            body
        }),
        Pdu::DeliverSm(sm) => (DELIVER_SM, sm_body(sm)),
        Pdu::DataSm(sm) => (DATA_SM, {
            let mut body = Vec::new();
            string(&mut body, &sm.service_type);
            address(&mut body, &sm.source);
            address(&mut body, &sm.destination);
            body.extend([sm.esm_class, sm.registered_delivery, sm.data_coding]);
            tlvs(&mut body, &sm.tlvs);
            body
        }),
        // Their only field is a message_id that is unused and empty. (§4.6.2)
        Pdu::DeliverSmResp => (RESPONSE | DELIVER_SM, vec![0]),
        Pdu::DataSmResp => (RESPONSE | DATA_SM, vec![0]),
        Pdu::EnquireLink => (ENQUIRE_LINK, Vec::new()),
        Pdu::EnquireLinkResp => (RESPONSE | ENQUIRE_LINK, Vec::new()),
        Pdu::Unbind => (UNBIND, Vec::new()),
        Pdu::UnbindResp => (RESPONSE | UNBIND, Vec::new()),
        Pdu::GenericNack => (RESPONSE, Vec::new()),
        Pdu::UnknownRequest(command) | Pdu::UnknownResponse(command) => (*command, Vec::new()),
    };
    let length = u32::try_from(HEADER + body.len()).unwrap_or(u32::MAX);
    let mut frame_octets = Vec::with_capacity(HEADER + body.len());
    for word in [length, command, frame.status, frame.sequence] {
        frame_octets.extend(word.to_be_bytes());
    }
    frame_octets.extend(body);
    frame_octets
}

fn sm_body(sm: &Sm) -> Vec<u8> {
    let mut body = Vec::with_capacity(64 + sm.short_message.len());
    string(&mut body, &sm.service_type);
    address(&mut body, &sm.source);
    address(&mut body, &sm.destination);
    body.extend([sm.esm_class, sm.protocol_id, sm.priority]);
    string(&mut body, &sm.schedule);
    string(&mut body, &sm.validity);
    body.extend([sm.registered_delivery, sm.replace_if_present, sm.data_coding, sm.default_message]);
    let said = &sm.short_message[..sm.short_message.len().min(254)];
    body.push(u8::try_from(said.len()).unwrap_or(u8::MAX));
    body.extend(said);
    tlvs(&mut body, &sm.tlvs);
    body
}

fn string(body: &mut Vec<u8>, text: &str) {
    body.extend(text.bytes().take_while(|octet| *octet != 0));
    body.push(0);
}

fn address(body: &mut Vec<u8>, address: &Address) {
    body.extend([address.ton, address.npi]);
    string(body, &address.digits);
}

fn tlvs(body: &mut Vec<u8>, tlvs: &[(u16, Vec<u8>)]) {
    for (tag, value) in tlvs {
        let Ok(length) = u16::try_from(value.len()) else { continue };
        body.extend(tag.to_be_bytes());
        body.extend(length.to_be_bytes());
        body.extend(value);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn any_address() -> impl Strategy<Value = Address> {
        (any::<u8>(), any::<u8>(), "[+0-9A-Za-z]{0,20}").prop_map(|(ton, npi, digits)| Address {
            ton,
            npi,
            digits,
        })
    }

    prop_compose! {
        fn any_sm()(
            service_type in "[A-Z]{0,5}",
            source in any_address(),
            destination in any_address(),
            octets in any::<[u8; 7]>(),
            times in ("[0-9R]{0,16}", "[0-9R]{0,16}"),
            short_message in prop::collection::vec(any::<u8>(), 0..=254),
            tlvs in prop::collection::vec((any::<u16>(), prop::collection::vec(any::<u8>(), 0..40)), 0..5),
        ) -> Sm {
            Sm {
                service_type, source, destination,
                esm_class: octets[0], protocol_id: octets[1], priority: octets[2],
                schedule: times.0, validity: times.1,
                registered_delivery: octets[3], replace_if_present: octets[4],
                data_coding: octets[5], default_message: octets[6],
                short_message, tlvs,
            }
        }
    }

    fn any_pdu() -> impl Strategy<Value = Pdu> {
        prop_oneof![
            ("[a-z]{0,15}", "[!-~]{0,8}", "[a-z]{0,12}").prop_map(|(system_id, password, system_type)| {
                Pdu::BindTransceiver(Bind { system_id, password, system_type })
            }),
            any_sm().prop_map(|sm| Pdu::SubmitSm(Box::new(sm))),
            any_sm().prop_map(|sm| Pdu::DeliverSm(Box::new(sm))),
            any_sm().prop_map(|sm| {
                let Sm { service_type, source, destination, tlvs, .. } = sm;
                let (esm_class, registered_delivery, data_coding) =
                    (sm.esm_class, sm.registered_delivery, sm.data_coding);
                let rest = Sm::default();
                Pdu::DataSm(Box::new(Sm {
                    service_type,
                    source,
                    destination,
                    tlvs,
                    esm_class,
                    registered_delivery,
                    data_coding,
                    ..rest
                }))
            }),
            "[ -~]{0,64}".prop_map(|message_id| Pdu::SubmitSmResp { message_id }),
            "[a-z]{0,15}".prop_map(|system_id| Pdu::BindTransceiverResp { system_id }),
            Just(Pdu::DeliverSmResp),
            Just(Pdu::DataSmResp),
            Just(Pdu::EnquireLink),
            Just(Pdu::EnquireLinkResp),
            Just(Pdu::Unbind),
            Just(Pdu::UnbindResp),
            Just(Pdu::GenericNack),
            Just(Pdu::UnknownRequest(0x102)),
            Just(Pdu::UnknownResponse(0x8000_0103 + 1)),
        ]
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_as_it_was(pdu in any_pdu(), sequence in any::<u32>()) {
            let frame = Frame { status: 0, sequence, pdu };
            let octets = encode(&frame);
            prop_assert_eq!(announced(octets[..HEADER].try_into().unwrap()), Ok(octets.len()));
            prop_assert_eq!(decode(&octets).unwrap(), frame);
        }

        #[test]
        fn any_octets_are_read_or_refused(command in prop::sample::select(vec![4u32, 5, 9, 0x103, 0x8000_0004, 0x8000_0009, 0x15, 77]),
            body in prop::collection::vec(any::<u8>(), 0..400)) {
            let mut frame = Vec::new();
            for word in [16 + body.len() as u32, command, 0, 1] {
                frame.extend(word.to_be_bytes());
            }
            frame.extend(&body);
            if let Ok(Frame { pdu: Pdu::DeliverSm(sm) | Pdu::SubmitSm(sm) | Pdu::DataSm(sm), .. }) = decode(&frame) {
                let held: usize = sm.tlvs.iter().map(|(_, value)| value.len()).sum();
                prop_assert!(held + sm.short_message.len() <= body.len());
            }
        }

        #[test]
        fn no_cut_frame_makes_a_panic(pdu in any_pdu(), keep in 0usize..600) {
            let octets = encode(&Frame { status: 0, sequence: 1, pdu });
            let _ = decode(&octets[..keep.min(octets.len())]);
        }
    }

    #[test]
    fn only_lengths_that_a_pdu_can_have_are_believed() {
        let header = |length: u32| {
            let mut header = [0; HEADER];
            header[..4].copy_from_slice(&length.to_be_bytes());
            announced(header)
        };
        assert_eq!((header(16), header(LONGEST as u32)), (Ok(16), Ok(LONGEST)));
        for hostile in [0, 15, LONGEST as u32 + 1, 0x4854_5450, u32::MAX] {
            assert_eq!(header(hostile), Err(hostile));
        }
    }

    #[test]
    fn a_name_without_its_final_nul_is_read_and_one_in_a_refusal_is_not() {
        let answer = |status: u32| {
            let mut octets =
                encode(&Frame { status, sequence: 1, pdu: Pdu::SubmitSmResp { message_id: "4d2".into() } });
            octets.pop();
            decode(&octets).unwrap().pdu
        };
        assert_eq!(answer(0), Pdu::SubmitSmResp { message_id: "4d2".into() });
        assert_eq!(answer(0x58), Pdu::SubmitSmResp { message_id: String::new() });
    }

    #[test]
    fn a_password_is_never_shown() {
        let bind = Bind { system_id: "desk".into(), password: "geheim".into(), system_type: "".into() };
        assert!(!format!("{:?}", Pdu::BindTransceiver(bind)).contains("geheim"));
    }
}
