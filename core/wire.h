// core/wire.h: the spellings of the protocol, in one place. Nothing else in the tree writes a
// header name, a route prefix or an error code of the wire. Source: protocol sections 1 and 3.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "core/clock.h"
#include "core/json.h"

namespace spreadable::wire {

/// The protocol generation spoken by nodes of kind `spreadable`. Both sides must name the same.
inline constexpr std::string_view kVersion = "spreadable-0.3";

inline constexpr std::string_view kOriginalAddress = "original-address";
inline constexpr std::string_view kNodeVersion = "node-version";
inline constexpr std::string_view kNodeRoot = "node-root";
inline constexpr std::string_view kClientVersion = "client-version";
inline constexpr std::string_view kForwardedFor = "x-forwarded-for";

/// What a node can do beyond the protocol, comma-separated; sent with every request and echoed to
/// those who sent it. Peers without the header never see anything of ours.
inline constexpr std::string_view kFeatures = "spreadable-features";
/// Features of this version: coverage counts, stand-ins for silent masters, moves between lists,
/// signatures, the beacon of committees.
inline constexpr std::string_view kOwnFeatures = "coverage,stand-in,move,signature,beacon";
inline constexpr std::string_view kSignatureFeature = "signature";
/// On a refusal: a number used once; whoever signs it proves who it is (services/identity).
inline constexpr std::string_view kChallenge = "spreadable-challenge";
/// On a request: `<challenge>;<count>;<signature>`. On an answer: `<key>;<signature>`.
inline constexpr std::string_view kSignature = "spreadable-signature";
/// On a request: a number used once that the answer is to be signed with.
inline constexpr std::string_view kSignAnswer = "spreadable-sign-answer";
/// On the answer of a stage: who was asked and who answered, as JSON (core/coverage.h).
inline constexpr std::string_view kCoverage = "spreadable-coverage";
/// On a stand-in request: the silent master whose last known slaves the receiver asks.
inline constexpr std::string_view kStandInFor = "spreadable-stand-in-for";
/// On a ping between nodes of a closed network, and on its answer: core/introduction.h.
inline constexpr std::string_view kIntroduction = "spreadable-introduction";
/// On a structure answer: the master that the asking slave should register with instead.
inline constexpr std::string_view kMoveTo = "spreadable-move-to";
/// On a structure request of a node of ours, and on its answer: `links` leaves the masters out.
inline constexpr std::string_view kStructurePart = "spreadable-structure";
inline constexpr std::string_view kLinksPart = "links";
/// On a structure request of a master of ours: how many slaves it has. A receiver that does not
/// know it asks back.
inline constexpr std::string_view kListLength = "spreadable-list-length";
/// Between nodes of ours, of structures: what is known under its tag is not sent again, and the
/// answer is 304.
inline constexpr std::string_view kTag = "etag";
inline constexpr std::string_view kIfNoneMatch = "if-none-match";

/// Routes of the stages of an action. Upstream has the first two; a peer that does not know the
/// third answers 404, so nobody can mistake a stand-in request for a plain one.
inline constexpr std::string_view kButlerRoute = "/api/butler/";
inline constexpr std::string_view kSlaveRoute = "/api/slave/";
inline constexpr std::string_view kStandInRoute = "/api/stand-in/";
inline constexpr std::string_view kClientRoute = "/client/";
inline constexpr std::string_view kNodeRoute = "/api/node/";

inline constexpr std::string_view kApiError = "ERR_SPREADABLE_API";
inline constexpr std::string_view kInvalidTarget = "ERR_SPREADABLE_INVALID_TARGET_FIELD";
inline constexpr std::string_view kIntervieweeNotAvailable =
    "ERR_SPREADABLE_INTERVIEW_INTERVIEWEE_NOT_AVAILABLE";
inline constexpr std::string_view kNoAvailableMaster = "ERR_SPREADABLE_NETWORK_NO_AVAILABLE_MASTER";
inline constexpr std::string_view kListFull = "ERR_SPREADABLE_NETWORK_LIST_FULL";
inline constexpr std::string_view kRequestTimedOut = "ERR_SPREADABLE_REQUEST_TIMEDOUT";
inline constexpr std::string_view kResponseSchema = "ERR_SPREADABLE_RESPONSE_SCHEMA";
inline constexpr std::string_view kInvalidApprovalAction = "ERR_SPREADABLE_INVALID_APPROVAL_ACTION";
inline constexpr std::string_view kWrongApprovalTime = "ERR_SPREADABLE_WRONG_APPROVAL_TIME";
inline constexpr std::string_view kNotEnoughDecisions =
    "ERR_SPREADABLE_NOT_ENOUGH_APPROVER_DECISIONS";
inline constexpr std::string_view kUnsuitableApprovalKey = "ERR_SPREADABLE_UNSUITABLE_APPROVAL_KEY";
inline constexpr std::string_view kWrongApprovalAnswer = "ERR_SPREADABLE_WRONG_APPROVAL_ANSWER";
inline constexpr std::string_view kApprovalInfoRequired = "ERR_SPREADABLE_APPROVAL_INFO_REQUIRED";
inline constexpr std::string_view kInvalidApprovalInfo = "ERR_SPREADABLE_INVALID_APPROVAL_INFO";
/// Of a refusal by a schema; what exactly was wrong follows (core/schema.cpp).
inline constexpr std::string_view kValidateSchema = "ERR_SPREADABLE_VALIDATE_SCHEMA_";

/// A sender cannot know how long its message travels, so a receiver works with a little less than
/// it was given. Source: protocol section 1.9.
inline constexpr Millis kSlippage{120};
/// No request may hold a worker for longer, whatever its budget says. Source: reliability S10.
inline constexpr Millis kBudgetMax{60'000};

/// The time that `body` grants its receiver: field `timeout` (milliseconds, a number or a numeric
/// text) less kSlippage, or less a quarter of it where that is smaller. Zero for an exhausted
/// budget; nullopt when there is none. The sender's clock (field `timestamp`) is not read: two
/// machines' clocks are never compared.
[[nodiscard]] std::optional<Duration> budget_of(const Json& body);

/// Adds `timeout` and `timestamp` to `body`, an object.
void put_budget(Json& body, Duration left, WallTime now);
/// The text of `body`, an object, with these fields.
[[nodiscard]] std::string dump_with_budget(const Json& body, Duration left, WallTime now);

/// Whether the comma-separated `list` names `feature`.
[[nodiscard]] bool has_feature(std::string_view list, std::string_view feature);

}  // namespace spreadable::wire
