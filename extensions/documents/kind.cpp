#include "extensions/documents/kind.h"

#include <stdexcept>
#include <utility>

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

Result<std::map<std::string, CollectionOptions>> collections_of(const NodeOptions& options) {
  std::map<std::string, CollectionOptions> collections;
  for (const auto& [name, config] : options.collections.items()) {
    const std::string where = "collections." + name;
    if (const Result<void> passed = Collection::check_name(name); !passed) {
      return Error{
          Errc::invalid_argument, "option \"" + where + "\": " + passed.error().message, {}};
    }
    auto parsed = CollectionOptions::parse(
        where, options.documents.has_open_permissions ? with_open_permissions(config) : config);
    if (!parsed) return parsed.error();
    collections.emplace(name, std::move(*parsed));
  }
  return collections;
}

void equip(Environment& environment, const NodeOptions& options, Equipment equipment) {
  auto collections = value_or_throw(collections_of(options));
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
  const Documents::Options given{.repair_interval = options.documents.repair_interval};
  environment.services.emplace_back(
      [held, given, make = std::move(make)]() -> std::unique_ptr<Service> {
        return make(given, std::move(*held));
      });
}

}  // namespace spreadable::documents
