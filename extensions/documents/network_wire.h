// extensions/documents/network_wire.h: what nodes of ours say to each other beyond the document
// protocol, in one place. Nodes of upstream never see or send any of it.
#pragma once

#include <string_view>

namespace spreadable::documents::wire {

/// The codename of the protocol: nodes say `metastocle-0.3`.
inline constexpr std::string_view kCodename = "metastocle";

// Actions of the protocol, and the route that stores a copy.
inline constexpr std::string_view kAdditionInfo = "get-document-addition-info";
inline constexpr std::string_view kGetDocuments = "get-documents";
inline constexpr std::string_view kUpdateDocuments = "update-documents";
inline constexpr std::string_view kDeleteDocuments = "delete-documents";
inline constexpr std::string_view kAddDocument = "add-document";

// Actions and routes of ours.
/// Who has which state of some documents, and who has room.
inline constexpr std::string_view kCompareDocuments = "compare-documents";
/// Asks all nodes to look after the copies they hold: somebody has lost some.
inline constexpr std::string_view kRepairDocuments = "repair-documents";
/// Copies as a node holds them, by duplication key.
inline constexpr std::string_view kGetCopies = "get-document-copies";
/// Hands over copies and tombstones.
inline constexpr std::string_view kPutCopies = "put-document-copies";

/// On a question for documents, value kExtendedForm: the answer may be in the extended form
/// (detail/reading.h), sorted and cut.
inline constexpr std::string_view kForm = "spreadable-documents";
inline constexpr std::string_view kExtendedForm = "1";
/// On a change: proof_of() the owner's token.
inline constexpr std::string_view kOwnerProof = "spreadable-document-owner";
/// On a copy that is to be stored: JSON `{time, createdAt, owner}`, what all copies have alike.
inline constexpr std::string_view kCopyState = "spreadable-document-state";
/// On an answer to a client: the documents are not all there are (`true`).
inline constexpr std::string_view kIncomplete = "spreadable-incomplete";

}  // namespace spreadable::documents::wire
