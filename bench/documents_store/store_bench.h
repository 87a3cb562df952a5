// bench/documents_store/store_bench.h: a store of one node on its disk.
#pragma once

#include <cstddef>
#include <filesystem>
#include <functional>
#include <memory>
#include <string_view>

#include "bench/documents_store/measuring.h"
#include "core/logger.h"
#include "extensions/documents/collection_store.h"
#include "extensions/documents/document_store.h"
#include "services/system/system_clock.h"
#include "services/system/system_random.h"

namespace spreadable::bench {

/// What the stores that are measured get from a node. Errors go to standard error.
class Ports {
 public:
  [[nodiscard]] documents::DocumentStore::Ports all();
  [[nodiscard]] Deadline later() const;
  [[nodiscard]] Random& random() { return random_; }

 private:
  class StandardErrorLogger final : public Logger {
   public:
    [[nodiscard]] bool is_enabled(LogLevel) const override { return true; }
    void write(LogLevel, std::string_view message) override;
  };

  SystemClock clock_;
  SystemRandom random_;
  StandardErrorLogger logger_;
};

/// A store in a folder, with sample documents in a collection that has a primary key and two
/// indices. For one thread; each measurement prints its figures, and throws std::runtime_error when
/// the store fails.
class StoreBench {
 public:
  struct Options {
    std::size_t documents = 1'000'000;
    std::size_t seconds = 3;  ///< for each measurement of inserts
    std::filesystem::path folder{};
  };

  /// All outlive it.
  StoreBench(const Options& options, Ports& ports, Report& report)
      : options_(options), ports_(ports), report_(report) {}

  void open();
  /// Adds what is missing to the number of documents.
  void fill();
  /// Durable inserts, into another collection, so that the first one keeps its size.
  void insert(std::size_t writers);
  /// Opens it anew.
  void reopen();
  void get_by_key();
  void filter_by_index();
  void filter_all();

 private:
  [[nodiscard]] documents::CollectionStore& things() { return *store_->find("things"); }
  [[nodiscard]] std::size_t count(const Json& filter);
  void indexed(const char* what, const std::function<Json()>& filter);
  void unindexed(const char* what, const Json& filter);

  const Options& options_;
  Ports& ports_;
  Report& report_;
  std::unique_ptr<documents::DocumentStore> store_;
};

}  // namespace spreadable::bench
