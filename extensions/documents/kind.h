// extensions/documents/kind.h: what makes a node one of kind `documents`.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>

#include "core/environment.h"
#include "core/options.h"
#include "core/result.h"
#include "extensions/documents/collection_options.h"
#include "extensions/documents/documents.h"

namespace spreadable::documents {

/// The kind as NodeOptions::kind has it.
inline constexpr const char* kKind = "documents";

/// What nodes of the kind do with their collections.
struct KindOptions {
  Json collections = Json::object();  ///< `collections`: options by name
  /// `documents.openPermissions`: who may change and delete documents where a collection does not
  /// say so: everybody, as with upstream; else their owners. Source: design.md, law 11.
  bool has_open_permissions = false;
  /// `request.documentAdditionNodeTimeout`, for each copy.
  Millis addition_node_timeout{2'000};
  /// `documents.repairInterval`: how often copies are counted and compared at most. Source:
  /// reliability R14, R20.
  Millis repair_interval{60'000};
};

/// Makes the options of the kind known to config files and command lines. Source:
/// spreadable::declare_options.
void declare_options();
/// What `options` say of those of the kind, and the defaults of what they do not say, whether or
/// not declare_options() was called. Errc::invalid_argument, naming the option, for a value that
/// declare_options() would not let in.
[[nodiscard]] Result<KindOptions> kind_options_of(const NodeOptions& options);
/// The reverse: replaces all options of the kind in `options`. Errc::invalid_argument, naming the
/// option, for a value out of range; those before it are set then.
[[nodiscard]] Result<void> set_kind_options(NodeOptions& options, const KindOptions& own);

/// The collections that the options of a node name. Errc::invalid_argument, naming the option.
/// With KindOptions::has_open_permissions everyone may do everything that a collection does not
/// restrict.
[[nodiscard]] Result<std::map<std::string, CollectionOptions>> collections_of(
    const KindOptions& options);

/// What a program adds to what the options say.
struct Equipment {
  /// Collections with functions, which a config cannot name, or of a class of their own.
  std::vector<std::shared_ptr<const Collection>> collections{};
  /// Makes the service; by default a Documents.
  std::function<std::unique_ptr<Documents>(Documents::Options, std::unique_ptr<DocumentStore>)>
      make{};
  /// Where documents are, for nodes without a storage folder. None: a disk of the node's own.
  std::shared_ptr<MemoryDisk> disk{};
};

/// Turns the environment of a node into one of kind `documents`: opens the store in the node's
/// storage folder (in memory when there is none), adds the service, sets the codename.
///
///     documents::declare_options();  // before options are read
///     Environment environment = runtime.environment(options);
///     documents::equip(environment, options);
///     Node node(options, std::move(environment));
///
/// Throws std::runtime_error, saying what is wrong with the options or the store.
void equip(Environment& environment, const NodeOptions& options, Equipment equipment = {});

}  // namespace spreadable::documents
