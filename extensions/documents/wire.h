// extensions/documents/wire.h: the spellings of the document protocol, in one place. Source:
// metastocle sections 3, 4 and 7.
#pragma once

#include <string_view>

namespace spreadable::documents::wire {

/// Fields whose names begin so are a node's own: they are taken off what clients send and get.
inline constexpr char kSystemPrefix = '$';
inline constexpr std::string_view kCollection = "$collection";
inline constexpr std::string_view kCreatedAt = "$createdAt";
inline constexpr std::string_view kUpdatedAt = "$updatedAt";
inline constexpr std::string_view kAccessedAt = "$accessedAt";
inline constexpr std::string_view kRow = "$loki";

inline constexpr std::string_view kNotFoundCollection = "ERR_METASTOCLE_NOT_FOUND_COLLECTION";
inline constexpr std::string_view kInvalidDocument = "ERR_METASTOCLE_INVALID_DOCUMENT";
inline constexpr std::string_view kWrongFields = "ERR_METASTOCLE_WRONG_DOCUMENT_FIELDS";
inline constexpr std::string_view kWrongFilter = "ERR_METASTOCLE_WRONG_DOCUMENT_FILTER";
inline constexpr std::string_view kWrongActions = "ERR_METASTOCLE_WRONG_DOCUMENT_ACTIONS";
inline constexpr std::string_view kDocumentExists = "ERR_METASTOCLE_DOCUMENT_EXISTS";
inline constexpr std::string_view kNotFoundServer = "ERR_METASTOCLE_NOT_FOUND_SERVER";
inline constexpr std::string_view kDocumentsLimit = "ERR_METASTOCLE_DOCUMENTS_LIMIT";
/// Spelled so by upstream.
inline constexpr std::string_view kDocumentsLimited = "ERR_METASCTOCLE_DOCUMENTS_LIMITED";
inline constexpr std::string_view kDocumentsMaxSize = "ERR_METASTOCLE_DOCUMENTS_MAX_SIZE";
inline constexpr std::string_view kInvalidCollection = "ERR_METASTOCLE_INVALID_DOCUMENT_COLLECTION";
inline constexpr std::string_view kInvalidPkType = "ERR_METASTOCLE_INVALID_DOCUMENT_PK_TYPE";
inline constexpr std::string_view kPkExists = "ERR_METASTOCLE_DOCUMENT_PK_EXISTS";
inline constexpr std::string_view kDuplicateExists = "ERR_METASTOCLE_DOCUMENT_DUPLICATE_EXISTS";
inline constexpr std::string_view kHandler = "ERR_METASTOCLE_DOCUMENTS_HANDLER";
inline constexpr std::string_view kSortType = "ERR_METASTOCLE_DOCUMENTS_HANDLER_SORT_TYPE";
inline constexpr std::string_view kFieldType = "ERR_METASTOCLE_DOCUMENTS_HANDLER_FIELD_TYPE";
inline constexpr std::string_view kUnknownOperator =
    "ERR_METASTOCLE_DOCUMENTS_HANDLER_WRONG_FILTER";
inline constexpr std::string_view kWrongOperand = "ERR_SPREADABLE_VALIDATE_SCHEMA_WRONG_DATA_TYPE";

// Codes of ours, where upstream knows no refusal.
/// The document has been deleted here; an older copy does not bring it back.
inline constexpr std::string_view kDocumentDeleted = "ERR_METASTOCLE_DOCUMENT_DELETED";
/// The collection does not let this caller do that.
inline constexpr std::string_view kNotPermitted = "ERR_METASTOCLE_NOT_PERMITTED";

}  // namespace spreadable::documents::wire
