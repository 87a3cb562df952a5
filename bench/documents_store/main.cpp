// Measures the store of documents of one node.
//
//   bench_documents_store [--documents 1000000] [--folder DIR] [--fuzzed 100000] [--seconds 3]
//
// Fills a store with documents of 300 bytes (in DIR, which is kept and used again; else in a folder
// of its own, removed afterwards), opens it anew and measures. Prints a JSON line for each figure,
// with its limit where one is promised. Exit codes: 0 within the limits, 1 beyond them or failed,
// 2 wrong usage.
#include <stdlib.h>

#include <CLI/CLI.hpp>
#include <exception>
#include <filesystem>
#include <iostream>
#include <optional>
#include <stdexcept>
#include <string>
#include <system_error>

#include "bench/documents_store/filter_bench.h"
#include "bench/documents_store/measuring.h"
#include "bench/documents_store/store_bench.h"

namespace spreadable::bench {
namespace {

constexpr std::size_t kWriters = 16;
constexpr double kMemoryMibMax = 400;  // docs/documents.md

/// A folder for one run.
struct OwnFolder {
  std::filesystem::path path;
  OwnFolder() {
    std::string name = (std::filesystem::temp_directory_path() / "documents-store-XXXXXX").string();
    if (::mkdtemp(name.data()) == nullptr) throw std::runtime_error("cannot make a folder");
    path = name;
  }
  ~OwnFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path, ignored);
  }
};

/// Whether everything kept its limits.
bool measure(const StoreBench::Options& options, std::size_t fuzzed) {
  Ports ports;
  Report report;
  {
    StoreBench bench(options, ports, report);
    bench.open();
    bench.insert(1);
    bench.insert(kWriters);
    bench.fill();
    bench.reopen();
    bench.get_by_key();
    bench.filter_by_index();
    bench.filter_all();
    const double memory = memory_mib("VmHWM:");
    report.check("memory at its highest", {{"mib", rounded(memory)}}, memory, kMemoryMibMax);
  }
  FilterBench filters(ports, report);
  filters.known_attack();
  filters.adversarial();
  filters.fuzzed(fuzzed);
  return report.passed();
}

}  // namespace
}  // namespace spreadable::bench

int main(int argc, char** argv) {
  using namespace spreadable;
  CLI::App app("The store of documents of one node");
  bench::StoreBench::Options options;
  std::size_t fuzzed = 100'000;
  const auto positive = CLI::Range(1, 100'000'000);
  app.add_option("--documents", options.documents, "In the store")->check(positive);
  app.add_option("--folder", options.folder, "Where the store is, and stays");
  app.add_option("--fuzzed", fuzzed, "How many filters are drawn")->check(positive);
  app.add_option("--seconds", options.seconds, "For measuring inserts")->check(positive);
  try {
    app.parse(argc, argv);
    std::optional<bench::OwnFolder> own;
    if (options.folder.empty()) options.folder = own.emplace().path;
    return bench::measure(options, fuzzed) ? 0 : 1;
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : 2;
  } catch (const std::exception& error) {
    std::cerr << "bench_documents_store: " << error.what() << '\n';
    return 1;
  }
}
