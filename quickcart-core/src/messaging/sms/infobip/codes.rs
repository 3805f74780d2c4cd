//! What Infobip's codes come down to.
//!
//! The 231 codes of <https://www.infobip.com/docs/essentials/api-essentials/response-status-and-error-codes>, by way of the
//! copy in <https://github.com/api-evangelist/infobip> (b3be778), with classes of ours.

use super::super::status;
use crate::messaging::Failure::{
    self, AccountDown, MaybeSent, NotSent, RecipientBlocked, RecipientInvalid, RequestBug, RouteUnavailable,
    Throttled,
};
use crate::messaging::Outcome;

/// A code, its name, and what it comes down to.
#[derive(Clone, Copy)]
struct Code(u32, &'static str, Outcome);

/// The group of errors that tell of the telephone, not of the route to it.
const HANDSET_ERRORS: u32 = 1;

/// What the status of a message in an answer comes down to.
pub(crate) fn outcome(status_id: u32) -> Outcome {
    find(&STATUSES, status_id).map_or(Err(MaybeSent), |Code(_, _, outcome)| outcome)
}

/// What an answer other than success comes down to. Its own names for that, such as `UNAUTHORIZED` of version 2 and `E401` of
/// version 3, say the same as the HTTP status.
pub(crate) fn refused(http_status: u16) -> Failure {
    status::refused(http_status)
}

/// The error of a report.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct ReportedError {
    pub(super) id: u32,
    pub(super) group_id: Option<u32>,
    /// Whether the same would happen again.
    pub(super) permanent: bool,
}

/// Why a message that was taken did not arrive. The error says more than the status; `None` says nothing of the provider or the
/// number, such as a telephone that is switched off.
pub(super) fn delivery_failure(status_id: Option<u32>, error: ReportedError) -> Option<Failure> {
    let by_status = status_id.and_then(|id| outcome(id).err());
    let by_error = find(&ERRORS, error.id).map(|Code(_, _, outcome)| outcome.err());
    match (by_error.flatten(), by_status) {
        (Some(NotSent | MaybeSent), _) if error.group_id == Some(HANDSET_ERRORS) => None,
        (Some(failure), _) => Some(failure),
        (None, Some(failure)) if !matches!(failure, NotSent | MaybeSent) => Some(failure),
        (None, _) if error.id != 0 && error.permanent => Some(RouteUnavailable),
        (None, by_status) => by_status,
    }
}

/// The provider's name for what happened: of the error, if there is one, else of the status. Codes without a known name are
/// written as numbers.
pub(super) fn name(status_id: Option<u32>, error_id: u32) -> Option<Box<str>> {
    let (codes, id) = if error_id == 0 { (&STATUSES[..], status_id?) } else { (&ERRORS[..], error_id) };
    Some(find(codes, id).map_or_else(|| id.to_string().into(), |Code(_, name, _)| name.into()))
}

fn find(codes: &[Code], id: u32) -> Option<Code> {
    let among = |codes: &[Code]| {
        codes.binary_search_by_key(&id, |Code(known, ..)| *known).ok().map(|index| codes[index])
    };
    among(codes).or_else(|| among(&DLT))
}

const TAKEN: Outcome = Ok(());

/// How far a message got (`status.id`). The source lists 87 twice, in two groups.
const STATUSES: [Code; 33] = [
    Code(2, "DELIVERED_TO_OPERATOR", TAKEN),
    Code(3, "PENDING_WAITING_DELIVERY", TAKEN),
    Code(4, "UNDELIVERABLE_REJECTED_OPERATOR", Err(RouteUnavailable)),
    Code(5, "DELIVERED_TO_HANDSET", TAKEN),
    Code(6, "REJECTED_NETWORK", Err(RouteUnavailable)),
    Code(7, "PENDING_ENROUTE", TAKEN),
    Code(8, "REJECTED_PREFIX_MISSING", Err(RecipientInvalid)),
    Code(9, "UNDELIVERABLE_NOT_DELIVERED", Err(NotSent)),
    Code(10, "REJECTED_DND", Err(RecipientBlocked)),
    Code(11, "REJECTED_SOURCE", Err(AccountDown)),
    Code(12, "REJECTED_NOT_ENOUGH_CREDITS", Err(AccountDown)),
    Code(13, "REJECTED_SENDER", Err(AccountDown)),
    Code(14, "REJECTED_DESTINATION_BLOCKLISTED", Err(RecipientBlocked)),
    Code(15, "EXPIRED_EXPIRED", Err(NotSent)),
    Code(17, "REJECTED_PREPAID_PACKAGE_EXPIRED", Err(AccountDown)),
    Code(18, "REJECTED_DESTINATION_NOT_REGISTERED", Err(AccountDown)),
    Code(19, "REJECTED_ROUTE_NOT_AVAILABLE", Err(RouteUnavailable)),
    Code(20, "REJECTED_FLOODING_FILTER", Err(Throttled)),
    Code(21, "REJECTED_SYSTEM_ERROR", Err(NotSent)),
    Code(23, "REJECTED_DUPLICATE_MESSAGE_ID", TAKEN),
    Code(24, "REJECTED_INVALID_UDH", Err(RequestBug)),
    Code(25, "REJECTED_MESSAGE_TOO_LONG", Err(RequestBug)),
    Code(26, "PENDING_ACCEPTED", TAKEN),
    Code(29, "EXPIRED_DLR_UNKNOWN", Err(MaybeSent)),
    Code(31, "UNDELIVERABLE_NOT_SENT", Err(NotSent)),
    Code(51, "MISSING_TO", Err(RecipientInvalid)),
    Code(52, "REJECTED_DESTINATION", Err(RecipientInvalid)),
    Code(87, "SIGNALS_BLOCKED", Err(RouteUnavailable)),
    Code(96, "NO_ANSWER", Err(RecipientBlocked)),
    Code(97, "BUSY", Err(RecipientBlocked)),
    Code(98, "CANCELLED", Err(NotSent)),
    Code(99, "REJECTED", Err(RecipientBlocked)),
    Code(100, "UNDELIVERABLE_REJECTED_PLATFORM", Err(NotSent)),
];

/// Why it did not get further (`error.id`). The source lists 4102 twice, in two groups.
const ERRORS: [Code; 145] = [
    Code(0, "NO_ERROR", TAKEN),
    Code(1, "EC_UNKNOWN_SUBSCRIBER", Err(RecipientInvalid)),
    Code(2, "EC_UNKNOWN_BASE_STATION", Err(NotSent)),
    Code(5, "EC_UNIDENTIFIED_SUBSCRIBER", Err(NotSent)),
    Code(6, "EC_ABSENT_SUBSCRIBER_SM", Err(NotSent)),
    Code(7, "EC_UNKNOWN_EQUIPMENT", Err(NotSent)),
    Code(8, "EC_ROAMING_NOT_ALLOWED", Err(NotSent)),
    Code(9, "EC_ILLEGAL_SUBSCRIBER", Err(RecipientBlocked)),
    Code(10, "EC_BEARER_SERVICE_NOT_PROVISIONED", Err(RecipientInvalid)),
    Code(11, "EC_TELESERVICE_NOT_PROVISIONED", Err(RecipientInvalid)),
    Code(12, "EC_ILLEGAL_EQUIPMENT", Err(RecipientBlocked)),
    Code(13, "EC_CALL_BARRED", Err(RecipientBlocked)),
    Code(15, "EC_CUG_REJECT", Err(RecipientBlocked)),
    Code(20, "EC_SS_INCOMPATIBILITY", Err(NotSent)),
    Code(21, "EC_FACILITY_NOT_SUPPORTED", Err(NotSent)),
    Code(24, "EC_NO_RADIO_RESOURCE_AVAILABLE", Err(NotSent)),
    Code(27, "EC_ABSENT_SUBSCRIBER", Err(NotSent)),
    Code(31, "EC_SUBSCRIBER_BUSY_FOR_MT_SMS", Err(NotSent)),
    Code(32, "EC_SM_DELIVERY_FAILURE", Err(NotSent)),
    Code(33, "EC_MESSAGE_WAITING_LIST_FULL", Err(NotSent)),
    Code(34, "EC_SYSTEM_FAILURE", Err(NotSent)),
    Code(35, "EC_DATA_MISSING", Err(NotSent)),
    Code(36, "EC_UNEXPECTED_DATA_VALUE", Err(NotSent)),
    Code(51, "EC_RESOURCE_LIMITATION", Err(NotSent)),
    Code(71, "EC_UNKNOWN_ALPHABET", Err(RequestBug)),
    Code(255, "EC_UNKNOWN_ERROR", Err(NotSent)),
    Code(256, "EC_SM_DF_MEMORYCAPACITYEXCEEDED", Err(RecipientBlocked)),
    Code(257, "EC_SM_DF_EQUIPMENTPROTOCOLERROR", Err(NotSent)),
    Code(258, "EC_SM_DF_EQUIPMENTNOTSM_EQUIPPED", Err(NotSent)),
    Code(259, "EC_SM_DF_UNKNOWNSERVICECENTRE", Err(NotSent)),
    Code(260, "EC_SM_DF_SC_CONGESTION", Err(NotSent)),
    Code(261, "EC_SM_DF_INVALIDSME_ADDRESS", Err(NotSent)),
    Code(262, "EC_SM_DF_SUBSCRIBERNOTSC_SUBSCRIBER", Err(NotSent)),
    Code(323, "EC_INVALID_REQUEST_TYPE", Err(RequestBug)),
    Code(345, "EC_OPERATOR_NOT_FOUND", Err(RouteUnavailable)),
    Code(351, "EC_INVALID_DESTINATION_ADDRESS", Err(RouteUnavailable)),
    Code(352, "EC_INVALID_REQUEST_DESTINATION", Err(RecipientInvalid)),
    Code(355, "EC_MSG_TEXT_TOO_LONG", Err(RequestBug)),
    Code(368, "EC_INVALID_SOURCE_ADDRESS", Err(RouteUnavailable)),
    Code(375, "EC_SOURCE_ADDRESS_IS_BLOCKED", Err(RouteUnavailable)),
    Code(433, "EC_ACCOUNT_ACCESS_DENIED", Err(AccountDown)),
    Code(488, "EC_TF_NUMBER_NOT_VERIFIED", Err(RouteUnavailable)),
    Code(500, "EC_PROVIDER_GENERAL_ERROR", Err(NotSent)),
    Code(501, "EC_INVALID_RESPONSE_RECEIVED", Err(MaybeSent)),
    Code(502, "EC_NO_RESPONSE", Err(MaybeSent)),
    Code(503, "EC_SERVICE_COMPLETION_FAILURE", Err(NotSent)),
    Code(504, "EC_UNEXPECTED_RESPONSE_FROM_PEER", Err(NotSent)),
    Code(507, "EC_MISTYPED_PARAMETER", Err(NotSent)),
    Code(508, "EC_NOT_SUPPORTED_SERVICE", Err(NotSent)),
    Code(509, "EC_DUPLICATED_INVOKE_ID", Err(NotSent)),
    Code(541, "EC_LIMIT_REACHED", Err(Throttled)),
    Code(542, "EC_QUOTA_REACHED", Err(Throttled)),
    Code(560, "EC_SC_BLOCKED_FOR_END_USER", Err(RouteUnavailable)),
    Code(561, "EC_CONTENT_BLOCKED_BY_OPERATOR", Err(RouteUnavailable)),
    Code(562, "EC_SC_NOT_PROVISIONED", Err(RouteUnavailable)),
    Code(563, "EC_SC_EXPIRED", Err(RouteUnavailable)),
    Code(564, "EC_SC_BLOCKED", Err(RouteUnavailable)),
    Code(565, "EC_CANNOT_RECEIVE_SC", Err(RouteUnavailable)),
    Code(566, "EC_DESTINATION_BLOCKED_BY_OPERATOR", Err(RecipientBlocked)),
    Code(568, "EC_DESTINATION_NOT_SMS_PROVISIONED", Err(RecipientInvalid)),
    Code(569, "EC_DEST_ADDRESS_SUSPENDED", Err(RecipientBlocked)),
    Code(571, "EC_CAMPAIGN_ID_REJECTED", Err(RouteUnavailable)),
    Code(572, "EC_CAMPAIGNID_NOT_PROVISIONED", Err(RouteUnavailable)),
    Code(573, "EC_SC_BLOCKED_BY_END_USER", Err(RecipientBlocked)),
    Code(574, "EC_BLOCKED_NEW_SUBSCRIPTIONS_FOR_SC", Err(RouteUnavailable)),
    Code(577, "EC_ACC_NOT_PROVISIONED_TO_SMS_DEMO_SC", Err(AccountDown)),
    Code(578, "EC_EXCEEDED_THE_TIME_LIMIT_OF_SMS_DEMO", Err(AccountDown)),
    Code(579, "EC_DEST_ADDRESS_NOT_IN_SMS_DEMO", Err(AccountDown)),
    Code(580, "EC_EXCEEDED_THE_MAX_NUMBER", Err(AccountDown)),
    Code(581, "EC_USER_OUT_OF_CREDIT", Err(RecipientBlocked)),
    Code(592, "EC_ACCOUNT_NOT_PROVISIONED_FOR_CHANNEL", Err(RouteUnavailable)),
    Code(594, "EC_INVALID_GLOBAL_CAMPAIGN_ID", Err(RouteUnavailable)),
    Code(597, "EC_ACC_HAS_NO_ADRESS_FOR_DESR", Err(RouteUnavailable)),
    Code(598, "EC_INTERACTION_NOT_SUPPORTED", Err(RouteUnavailable)),
    Code(601, "EC_ACC_NOT_2_WAY", Err(RouteUnavailable)),
    Code(603, "EC_CONTENT_BLOCKED", Err(RecipientBlocked)),
    Code(604, "EC_BLOCKED_BY_CAMPAIGN_BLACKLIST", Err(RouteUnavailable)),
    Code(607, "EC_REJECTED_SPAM_BY_OPERATOR", Err(RouteUnavailable)),
    Code(608, "EC_SIGNALS_BLOCKED", Err(RouteUnavailable)),
    Code(609, "EC_SIGNALS_HARD_LIMIT_REACHED", Err(Throttled)),
    Code(628, "EC_TEMPORARY_HANDSET_FAILURE", Err(NotSent)),
    Code(629, "EC_DEST_ADDRESS_UNABLE_TO_RECEIVE_SMS", Err(RecipientInvalid)),
    Code(630, "EC_DEST_OVERLOADED", Err(NotSent)),
    Code(631, "EC_MOBILE_OPERATOR_NETWORK_ERROR", Err(NotSent)),
    Code(632, "EC_SMS_REJECTED_BY_MOBILE_OPERATOR", Err(RouteUnavailable)),
    Code(633, "EC_UNKNOWN_MOBILE_OPERATOR", Err(NotSent)),
    Code(810, "EC_FAILED_MESSAGE_DELIVERY", Err(NotSent)),
    Code(811, "EC_MESSAGE_EXPIRED", Err(NotSent)),
    Code(815, "EC_MESSAGE_SUBMITTED_NOT_ACKED", Err(MaybeSent)),
    Code(1024, "EC_OR_APPCONTEXTNOTSUPPORTED", Err(NotSent)),
    Code(1025, "EC_OR_INVALIDDESTINATIONREFERENCE", Err(NotSent)),
    Code(1026, "EC_OR_INVALIDORIGINATINGREFERENCE", Err(NotSent)),
    Code(1027, "EC_OR_ENCAPSULATEDAC_NOTSUPPORTED", Err(NotSent)),
    Code(1028, "EC_OR_TRANSPORTPROTECTIONNOTADEQUATE", Err(NotSent)),
    Code(1029, "EC_OR_NOREASONGIVEN", Err(NotSent)),
    Code(1030, "EC_OR_POTENTIALVERSIONINCOMPATIBILITY", Err(NotSent)),
    Code(1031, "EC_OR_REMOTENODENOTREACHABLE", Err(NotSent)),
    Code(1152, "EC_NNR_NOTRANSLATIONFORANADDRESSOFSUCHNATURE", Err(NotSent)),
    Code(1153, "EC_NNR_NOTRANSLATIONFORTHISSPECIFICADDRESS", Err(NotSent)),
    Code(1154, "EC_NNR_SUBSYSTEMCONGESTION", Err(NotSent)),
    Code(1155, "EC_NNR_SUBSYSTEMFAILURE", Err(NotSent)),
    Code(1156, "EC_NNR_UNEQUIPPEDUSER", Err(NotSent)),
    Code(1157, "EC_NNR_MTPFAILURE", Err(NotSent)),
    Code(1158, "EC_NNR_NETWORKCONGESTION", Err(NotSent)),
    Code(1159, "EC_NNR_UNQUALIFIED", Err(NotSent)),
    Code(1160, "EC_NNR_ERRORINMESSAGETRANSPORTXUDT", Err(NotSent)),
    Code(1161, "EC_NNR_ERRORINLOCALPROCESSINGXUDT", Err(NotSent)),
    Code(1162, "EC_NNR_DESTINATIONCANNOTPERFORMREASSEMBLYXUDT", Err(NotSent)),
    Code(1163, "EC_NNR_SCCPFAILURE", Err(NotSent)),
    Code(1164, "EC_NNR_HOPCOUNTERVIOLATION", Err(NotSent)),
    Code(1165, "EC_NNR_SEGMENTATIONNOTSUPPORTED", Err(NotSent)),
    Code(1166, "EC_NNR_SEGMENTATIONFAILURE", Err(NotSent)),
    Code(1281, "EC_UA_USERSPECIFICREASON", Err(NotSent)),
    Code(1282, "EC_UA_USERRESOURCELIMITATION", Err(NotSent)),
    Code(1283, "EC_UA_RESOURCEUNAVAILABLE", Err(NotSent)),
    Code(1284, "EC_UA_APPLICATIONPROCEDURECANCELLATION", Err(NotSent)),
    Code(1536, "EC_PA_PROVIDERMALFUNCTION", Err(NotSent)),
    Code(1537, "EC_PA_SUPPORTINGDIALOGORTRANSACTIONREALEASED", Err(NotSent)),
    Code(1538, "EC_PA_RESSOURCELIMITATION", Err(NotSent)),
    Code(1539, "EC_PA_MAINTENANCEACTIVITY", Err(NotSent)),
    Code(1540, "EC_PA_VERSIONINCOMPATIBILITY", Err(NotSent)),
    Code(1541, "EC_PA_ABNORMALMAPDIALOG", Err(NotSent)),
    Code(1792, "EC_NC_ABNORMALEVENTDETECTEDBYPEER", Err(NotSent)),
    Code(1793, "EC_NC_RESPONSEREJECTEDBYPEER", Err(NotSent)),
    Code(1794, "EC_NC_ABNORMALEVENTRECEIVEDFROMPEER", Err(NotSent)),
    Code(1795, "EC_NC_MESSAGECANNOTBEDELIVEREDTOPEER", Err(NotSent)),
    Code(1796, "EC_NC_PROVIDEROUTOFINVOKE", Err(NotSent)),
    Code(2048, "EC_TIME_OUT", Err(MaybeSent)),
    Code(2049, "EC_IMSI_BLACKLISTED", Err(RecipientBlocked)),
    Code(2050, "EC_DEST_ADDRESS_BLACKLISTED", Err(RecipientBlocked)),
    Code(2051, "EC_INVALIDMSCADDRESS", Err(RouteUnavailable)),
    Code(2052, "EC_BLACKLISTED_DESTINATIONADDRESS", Err(RecipientBlocked)),
    Code(2053, "EC_BLACKLISTED_SENDERADDRESS", Err(AccountDown)),
    Code(3041, "EC_DEACTIVATED_LIST", Err(RecipientInvalid)),
    Code(4096, "EC_INVALID_PDU_FORMAT", Err(RequestBug)),
    Code(4097, "EC_NOTSUBMITTEDTOGMSC", Err(NotSent)),
    Code(4098, "EC_VP_EXPIRED", Err(NotSent)),
    Code(4099, "EC_MONTHLY_LIMIT_REACHED", Err(AccountDown)),
    Code(4100, "EC_MESSAGE_CANCELED", Err(NotSent)),
    Code(4101, "EC_VALIDITY_EXPIRED", Err(NotSent)),
    Code(4102, "EC_NOTSUBMITTEDTOSMPPCHANNEL", Err(NotSent)),
    Code(4103, "EC_DESTINATION_FLOODING", Err(Throttled)),
    Code(4104, "EC_DESTINATION_TXT_FLOODING", Err(Throttled)),
    Code(4202, "EC_10DLC_LIMIT_REACHED", Err(Throttled)),
    Code(5492, "EC_DUPLICATE_MESSAGE", Err(Throttled)),
];

/// What India's register of senders and templates (DLT) found wrong. The source calls them statuses and names them like errors,
/// so they are looked up as both. Nearly all are faults of one account's own entries: another provider sends with entries of
/// its own.
const DLT: [Code; 51] = [
    Code(4106, "EC_BLOCKED_BY_DLT", Err(RouteUnavailable)),
    Code(4107, "EC_DLT_SCRUBBING_TIMEOUT", Err(NotSent)),
    Code(4108, "EC_SENDER_BLOCKED_BY_DLT", Err(RouteUnavailable)),
    Code(4109, "EC_TELEMARKETER_BLOCKED_BY_DLT", Err(RouteUnavailable)),
    Code(4110, "EC_ENTITY_BLOCKED_BY_DLT", Err(RouteUnavailable)),
    Code(4111, "EC_TEMPLATE_BLOCKED_BY_DLT", Err(RouteUnavailable)),
    Code(4112, "EC_ENTITY_NOT_FOUND", Err(RouteUnavailable)),
    Code(4113, "EC_ENTITY_NOT_REGISTERED", Err(RouteUnavailable)),
    Code(4114, "EC_ENTITY_INACTIVE", Err(RouteUnavailable)),
    Code(4115, "EC_ENTITY_BLACKLISTED", Err(RouteUnavailable)),
    Code(4116, "EC_INVALID_ENTITY_ID", Err(RouteUnavailable)),
    Code(4117, "EC_ENTITY_ID_NOT_ALLOWED_FOR_TM", Err(RouteUnavailable)),
    Code(4118, "EC_TELEMARKETER_NOT_REGISTERED", Err(RouteUnavailable)),
    Code(4119, "EC_TELEMARKETER_INACTIVE", Err(RouteUnavailable)),
    Code(4120, "EC_TELEMARKETER_BLACKLISTED", Err(RouteUnavailable)),
    Code(4121, "EC_HEADER_NOT_FOUND", Err(RouteUnavailable)),
    Code(4122, "EC_HEADER_INACTIVE", Err(RouteUnavailable)),
    Code(4123, "EC_HEADER_BLACKLISTED", Err(RouteUnavailable)),
    Code(4124, "EC_PEID_NOT_MATCHED_WITH_HEADER", Err(RouteUnavailable)),
    Code(4125, "EC_HEADER_IN_FREEPOOL", Err(RouteUnavailable)),
    Code(4126, "EC_TEMPLATE_NOT_FOUND", Err(RouteUnavailable)),
    Code(4127, "EC_TEMPLATE_INACTIVE", Err(RouteUnavailable)),
    Code(4128, "EC_TEMPLATE_BLACKLISTED", Err(RouteUnavailable)),
    Code(4129, "EC_TEMPLATE_NOT_MATCHED", Err(RouteUnavailable)),
    Code(4130, "EC_HEADER_NOT_REGISTERED_FOR_TEMPLATE", Err(RouteUnavailable)),
    Code(4131, "EC_TEMPLATE_VARIABLE_EXCEEDED_MAX_LENGTH", Err(RouteUnavailable)),
    Code(4132, "EC_ERROR_IDENTIFYING_TEMPLATE", Err(RouteUnavailable)),
    Code(4133, "EC_INVALID_TEMPLATE_ID", Err(RouteUnavailable)),
    Code(4134, "EC_TEMPLATE_NOT_REGISTERED_TO_ENTITY", Err(RouteUnavailable)),
    Code(4135, "EC_PROMOTIONAL_TEMPLATE_USED_ON_OTHERS_HEADER", Err(RouteUnavailable)),
    Code(4136, "EC_INVALID_TEMPLATE_TYPE", Err(RouteUnavailable)),
    Code(4137, "EC_PREFERENCE_NOT_MATCHED", Err(RouteUnavailable)),
    Code(4138, "EC_INVALID_PROMO_TIME", Err(RouteUnavailable)),
    Code(4139, "EC_SE_CATEGORY_BLOCK", Err(RouteUnavailable)),
    Code(4140, "EC_CONSENT_FAILED", Err(RouteUnavailable)),
    Code(4141, "EC_SCRUBBING_FAILED", Err(NotSent)),
    Code(4142, "EC_TLV_PEID_NOT_FOUND", Err(RouteUnavailable)),
    Code(4143, "EC_TLV_TMPID_NOT_FOUND", Err(RouteUnavailable)),
    Code(4144, "EC_CONTENT_MULTIPART_INCOMPLETE_BY_DLT", Err(NotSent)),
    Code(4146, "EC_HEADER_SUSPENDED_DUE_TO_VALIDITY", Err(RouteUnavailable)),
    Code(4147, "EC_HEADER_SUSPENDED_DUE_TO_USAGE", Err(RouteUnavailable)),
    Code(4148, "EC_HEADER_SUSPENDED_DUE_TO_CUSTOMER", Err(RouteUnavailable)),
    Code(4149, "EC_TEMPLATE_SUSPENDED_DUE_TO_VALIDITY", Err(RouteUnavailable)),
    Code(4150, "EC_TEMPLATE_SUSPENDED_DUE_TO_USAGE", Err(RouteUnavailable)),
    Code(4151, "EC_TEMPLATE_SUSPENDED_DUE_TO_CUSTOMER", Err(RouteUnavailable)),
    Code(4153, "EC_CTA_NOT_WHITELISTED", Err(RouteUnavailable)),
    Code(4154, "EC_PE_TM_HASH_NOT_RECEIVED", Err(RouteUnavailable)),
    Code(4155, "EC_PE_TM_HASH_NOT_REGISTERED", Err(RouteUnavailable)),
    Code(4156, "EC_PE_TM_HASH_INACTIVE", Err(RouteUnavailable)),
    Code(4157, "EC_PE_TM_HASH_BLACKLISTED", Err(RouteUnavailable)),
    Code(4158, "EC_PE_TM_HASH_SUSPENDED", Err(RouteUnavailable)),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_has_a_class() {
        let tables = [&STATUSES[..], &ERRORS, &DLT];
        for codes in tables {
            assert!(codes.is_sorted_by(|Code(a, ..), Code(b, ..)| a < b));
        }
        let listed_twice = 2;
        assert_eq!(tables.map(<[Code]>::len).iter().sum::<usize>() + listed_twice, 231);
        for Code(id, _, class) in STATUSES.into_iter().chain(DLT) {
            assert_eq!(outcome(id), class, "{id}");
        }
    }

    #[test]
    fn an_unknown_status_may_have_been_sent() {
        for id in [1, 16, 101, 4105, 4145, 4152, 4159, u32::MAX] {
            assert_eq!(outcome(id), Err(MaybeSent), "{id}");
        }
    }

    #[test]
    fn answers_are_judged_by_their_status() {
        let expected = [
            (26, Ok(())),
            (7, Ok(())),
            (3, Ok(())),
            // The same message was taken before.
            (23, Ok(())),
            (8, Err(RecipientInvalid)),
            (51, Err(RecipientInvalid)),
            (52, Err(RecipientInvalid)),
            (10, Err(RecipientBlocked)),
            (14, Err(RecipientBlocked)),
            (6, Err(RouteUnavailable)),
            (19, Err(RouteUnavailable)),
            (87, Err(RouteUnavailable)),
            (11, Err(AccountDown)),
            (12, Err(AccountDown)),
            (13, Err(AccountDown)),
            (17, Err(AccountDown)),
            (18, Err(AccountDown)),
            (20, Err(Throttled)),
            (21, Err(NotSent)),
            (4126, Err(RouteUnavailable)),
            (4129, Err(RouteUnavailable)),
        ];
        for (id, class) in expected {
            assert_eq!(outcome(id), class, "{id}");
        }
        assert_eq!([401, 400, 429, 500].map(refused), [AccountDown, RequestBug, Throttled, MaybeSent]);
    }

    #[test]
    fn a_report_is_judged_by_its_error_first() {
        let error = |id, group_id, permanent| ReportedError { id, group_id: Some(group_id), permanent };
        let expected = [
            // A status says that it failed, and the error says why.
            (Some(9), error(1, 1, true), Some(RecipientInvalid)),
            (Some(4), error(2050, 3, true), Some(RecipientBlocked)),
            (Some(4), error(4129, 3, true), Some(RouteUnavailable)),
            // A telephone that is off, and a network that is down.
            (Some(9), error(27, 1, false), None),
            (Some(9), error(631, 3, true), Some(NotSent)),
            // No error, or one that is not known.
            (Some(10), error(0, 0, false), Some(RecipientBlocked)),
            (Some(10), error(9999, 2, false), Some(RecipientBlocked)),
            (Some(9), error(9999, 3, true), Some(RouteUnavailable)),
            (Some(9), error(9999, 3, false), Some(NotSent)),
            (Some(9999), error(0, 0, false), Some(MaybeSent)),
            (None, error(0, 0, true), None),
        ];
        for (status, error, failure) in expected {
            assert_eq!(delivery_failure(status, error), failure, "{status:?} {error:?}");
        }
    }

    #[test]
    fn codes_of_the_two_tables_are_kept_apart() {
        assert_eq!(name(Some(10), 0).as_deref(), Some("REJECTED_DND"));
        assert_eq!(name(Some(4), 10).as_deref(), Some("EC_BEARER_SERVICE_NOT_PROVISIONED"));
        assert_eq!(name(Some(4126), 0).as_deref(), Some("EC_TEMPLATE_NOT_FOUND"));
        assert_eq!(name(Some(4), 4126).as_deref(), Some("EC_TEMPLATE_NOT_FOUND"));
        assert_eq!(name(Some(4), 9999).as_deref(), Some("9999"));
        assert_eq!(name(None, 0), None);
    }
}
