// extensions/documents/detail/context.h: what the parts of the documents service share.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "core/node.h"
#include "extensions/documents/candidates.h"
#include "extensions/documents/collection_store.h"
#include "extensions/documents/document_store.h"

namespace spreadable::documents::detail {

/// All outlive the parts.
struct Context {
  Node& node;
  DocumentStore& store;
  Suspicions& suspicions;
  Millis addition_node_timeout;  ///< KindOptions::addition_node_timeout
};

/// The documents of the collection that field `collection` of `body` names. Errc::logical with
/// wire::kNotFoundCollection when there is no such collection here.
[[nodiscard]] Result<CollectionStore*> collection_of(const DocumentStore& store, const Json& body);

/// Field `actions`, an empty object when there is none.
[[nodiscard]] const Json& actions_of(const Json& body);

/// The duplication key of a document of the wire, or nullptr when it has none.
[[nodiscard]] const Json* key_of(const Json& document, const Collection& collection);

/// Whether a document that another node has sent is one of the collection. Others are passed over,
/// so that one broken document does not hide the rest.
[[nodiscard]] bool is_sound(const Json& document, const Collection& collection);

/// The number of copies wanted in the network as `node` sees it now.
[[nodiscard]] std::size_t replica_count(const Context& context, const Collection& collection);

// Bytes on the wire as text.
[[nodiscard]] std::string to_hex(std::string_view bytes);
[[nodiscard]] std::optional<std::string> from_hex(std::string_view text);

/// What is shown to nodes instead of the owner's token, so that they learn no token: owner_digest()
/// of a proof is what they keep. Empty for an empty token.
[[nodiscard]] std::string proof_of(std::string_view token);

/// A revision as the wire has it: `[time, isDeletion, "<digest in hex>"]`.
[[nodiscard]] Json to_json(const Revision& revision);
[[nodiscard]] std::optional<Revision> revision_from(const Json& json);

/// A copy as the wire has it: `{key, fields, time, createdAt, owner}`.
[[nodiscard]] Json to_json(const Document& document);
/// Reads it and computes its digest; nothing for what is no copy.
[[nodiscard]] std::optional<Document> copy_from(const Json& json);

}  // namespace spreadable::documents::detail
