#include "extensions/documents/kind.h"

#include <algorithm>
#include <optional>
#include <stdexcept>
#include <utility>

#include "core/kind_options.h"
#include "core/units.h"
#include "extensions/documents/network_wire.h"
#include "extensions/documents/script.h"
#include "services/system/thread_time.h"

namespace spreadable::documents {
namespace {

template <class T>
T value_or_throw(Result<T> result) {
  if (!result) throw std::runtime_error(result.error().message);
  return std::move(*result);
}

void check(const Result<void>& result) {
  if (!result) throw std::runtime_error(result.error().message);
}

std::unique_ptr<DocumentStore> open_store(const Environment& environment,
                                          std::shared_ptr<MemoryDisk> disk) {
  DocumentStore::Ports ports{*environment.clock, *environment.random, *environment.logger};
  if (!disk && !environment.storage_folder.empty()) {
    ports.thread_time = thread_time;
    return value_or_throw(DocumentStore::open(environment.storage_folder, {}, ports));
  }
  if (!disk) disk = std::make_shared<MemoryDisk>();
  return value_or_throw(DocumentStore::open(std::move(disk), ports));
}

std::optional<std::string> accept_collections(Json& value) {
  const bool is_accepted =
      value.is_object() &&
      std::all_of(value.begin(), value.end(), [](const Json& one) { return one.is_object(); });
  if (is_accepted) return std::nullopt;
  return "an object of objects, by names of collections";
}

/// An option of the kind, and how it gets between its JSON and KindOptions.
struct Row {
  KindOption option;
  void (*read)(KindOptions& own, const Json& value);
  Json (*write)(const KindOptions& own);
};

Millis time_in(const Json& value) {
  return *parse_duration(value.get_ref<const std::string&>());
}

Row collections_row() {
  return {{.path = "collections",
           .type = "object",
           .help = "of kind documents: options by name of the collection",
           .fallback = Json::object(),
           .accept = accept_collections},
          [](KindOptions& own, const Json& value) { own.collections = value; },
          [](const KindOptions& own) { return own.collections; }};
}

std::vector<Row> rows() {
  const KindOptions usual;
  return {
      collections_row(),
      {boolean_option("documents.openPermissions", usual.has_open_permissions,
                      "everybody may change and delete documents, as with upstream"),
       [](KindOptions& own, const Json& value) { own.has_open_permissions = value.get<bool>(); },
       [](const KindOptions& own) { return Json(own.has_open_permissions); }},
      {time_option("documents.repairInterval", usual.repair_interval,
                   {std::chrono::seconds{1}, std::chrono::days{1}},
                   "how often copies of documents are counted and compared, at most"),
       [](KindOptions& own, const Json& value) { own.repair_interval = time_in(value); },
       [](const KindOptions& own) { return Json(own.repair_interval.count()); }},
      {time_option("request.documentAdditionNodeTimeout", usual.addition_node_timeout,
                   {Millis{1}, std::chrono::minutes{10}}, "for storing one copy of a document"),
       [](KindOptions& own, const Json& value) { own.addition_node_timeout = time_in(value); },
       [](const KindOptions& own) { return Json(own.addition_node_timeout.count()); }},
  };
}

/// `config` with everything allowed that it does not say.
Json with_open_permissions(Json config) {
  Json& permissions = config["permissions"];
  if (permissions.is_null()) permissions = Json::object();
  if (!permissions.is_object()) return config;
  for (const char* doing : {"add", "update", "delete"}) {
    if (!permissions.contains(doing)) permissions[doing] = "anyone";
  }
  return config;
}

}  // namespace

void declare_options() {
  std::vector<KindOption> options;
  for (Row& row : rows()) options.push_back(std::move(row.option));
  spreadable::declare_options(std::move(options));
}

Result<KindOptions> kind_options_of(const NodeOptions& options) {
  KindOptions own;
  for (const Row& row : rows()) {
    const Result<Json> value = kind_value(options, row.option);
    if (!value) return value.error();
    row.read(own, *value);
  }
  return own;
}

Result<void> set_kind_options(NodeOptions& options, const KindOptions& own) {
  for (const Row& row : rows()) {
    if (auto set = set_kind_value(options, row.option, row.write(own)); !set) return set;
  }
  return {};
}

Result<std::map<std::string, CollectionOptions>> collections_of(const KindOptions& options) {
  std::map<std::string, CollectionOptions> collections;
  for (const auto& [name, config] : options.collections.items()) {
    const std::string where = "collections." + name;
    if (const Result<void> passed = Collection::check_name(name); !passed) {
      return Error{
          Errc::invalid_argument, "option \"" + where + "\": " + passed.error().message, {}};
    }
    auto parsed = CollectionOptions::parse(
        where, options.has_open_permissions ? with_open_permissions(config) : config);
    if (!parsed) return parsed.error();
    collections.emplace(name, std::move(*parsed));
  }
  return collections;
}

void equip(Environment& environment, const NodeOptions& options, Equipment equipment) {
  const KindOptions own = value_or_throw(kind_options_of(options));
  auto collections = value_or_throw(collections_of(own));
  auto store = open_store(environment, std::move(equipment.disk));
  for (auto& [name, settings] : collections) {
    check(store->add(std::make_shared<const Collection>(name, std::move(settings))));
  }
  for (const auto& collection : equipment.collections) check(store->add(collection));
  environment.codename = wire::kCodename;
  environment.pages.push_back({"/documents.js", "text/javascript; charset=utf-8", script()});
  auto make = equipment.make ? std::move(equipment.make) : [](auto given, auto opened) {
    return std::make_unique<Documents>(given, std::move(opened));
  };
  // A factory can be copied, a store cannot; only one node is made with it.
  const auto held = std::make_shared<std::unique_ptr<DocumentStore>>(std::move(store));
  const Documents::Options given{.repair_interval = own.repair_interval,
                                 .addition_node_timeout = own.addition_node_timeout};
  environment.services.emplace_back(
      [held, given, make = std::move(make)]() -> std::unique_ptr<Service> {
        return make(given, std::move(*held));
      });
}

}  // namespace spreadable::documents
