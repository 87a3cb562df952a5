// Measures the store of documents of one node.
//
//   documents_store [--documents 1000000] [--folder DIR] [--fuzzed 100000] [--seconds 3]
//
// Fills a store with documents of 300 bytes (in DIR, which is kept and used again; else in a folder
// of its own, removed afterwards), opens it anew and measures. Prints a JSON line for each figure,
// with its limit where one is promised. Filters that look at all documents are measured by the
// processor time of their thread, everything else by the time that passes. Exit codes: 0 within the
// limits, 1 beyond them or failed, 2 wrong usage. Source of the limits: issue 7
// (docs/documents.md); reliability S19.
#include <stdlib.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <charconv>
#include <chrono>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iostream>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "core/json.h"
#include "extensions/documents/collection_store.h"
#include "extensions/documents/document_store.h"
#include "services/system/system_clock.h"
#include "services/system/system_random.h"
#include "services/system/thread_time.h"

namespace {

using namespace spreadable;
using namespace spreadable::documents;
using SteadyClock = std::chrono::steady_clock;

constexpr std::size_t kDocumentBytes = 300;
constexpr std::size_t kGroups = 10'000;  // of a million documents, a hundred have the same one
constexpr std::size_t kFillers = 64;
constexpr std::size_t kFilteredDocuments = 10'000;

struct UsageError : std::runtime_error {
  using std::runtime_error::runtime_error;
};

struct Options {
  std::size_t documents = 1'000'000;
  std::size_t fuzzed = 100'000;
  std::size_t seconds = 3;
  std::filesystem::path folder{};
};

std::size_t number(std::string_view name, std::string_view text) {
  std::size_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size() || value == 0) {
    throw UsageError(std::string(name) + " needs a number above 0, not \"" + std::string(text) +
                     "\"");
  }
  return value;
}

Options read_options(const std::vector<std::string_view>& words) {
  Options options;
  for (std::size_t i = 0; i < words.size(); i += 2) {
    const std::string_view name = words[i];
    if (i + 1 == words.size()) throw UsageError(std::string(name) + " needs a value");
    if (name == "--folder") {
      options.folder = words[i + 1];
    } else if (name == "--documents") {
      options.documents = number(name, words[i + 1]);
    } else if (name == "--fuzzed") {
      options.fuzzed = number(name, words[i + 1]);
    } else if (name == "--seconds") {
      options.seconds = number(name, words[i + 1]);
    } else {
      throw UsageError("unknown option " + std::string(name));
    }
  }
  return options;
}

class StandardErrorLogger final : public Logger {
 public:
  [[nodiscard]] bool is_enabled(LogLevel) const override { return true; }
  void write(LogLevel, std::string_view message) override { std::cerr << message << '\n'; }
};

template <class T>
T need(Result<T> result) {
  if (!result) throw std::runtime_error(result.error().message);
  return std::move(*result);
}

void need(const Result<void>& result) {
  if (!result) throw std::runtime_error(result.error().message);
}

double millis_of(const std::function<void()>& work) {
  const auto begin = SteadyClock::now();
  work();
  return std::chrono::duration<double, std::milli>(SteadyClock::now() - begin).count();
}

/// Of work on this thread: how long it took, and how long it had a processor.
struct Cost {
  double wall_millis, processor_millis;
};

Cost cost_of(const std::function<void()>& work) {
  const Duration begin = thread_time();
  const double wall = millis_of(work);
  return {wall, std::chrono::duration<double, std::milli>(thread_time() - begin).count()};
}

double rounded(double value) {
  return std::round(value * 1'000) / 1'000;
}

struct Times {
  double p50, p99, longest;
};

Times summary(std::vector<double> millis) {
  std::sort(millis.begin(), millis.end());
  const auto at = [&](double share) {
    return millis[static_cast<std::size_t>(share * static_cast<double>(millis.size() - 1))];
  };
  return {at(0.5), at(0.99), millis.back()};
}

/// The number after `name` in /proc/self/status, in MiB.
double memory_mib(std::string_view name) {
  std::ifstream file("/proc/self/status");
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with(name)) return std::stod(line.substr(name.size())) / 1'024;
  }
  throw std::runtime_error("cannot read the status of this process");
}

/// Prints figures, and remembers whether all kept their limits.
class Report {
 public:
  void print(const char* what, Json figures) {
    Json line{{"measured", what}};
    line.update(figures);
    std::cout << dump_json(line) << std::endl;
  }
  /// A figure that must stay below `limit`.
  void check(const char* what, Json figures, double value, double limit) {
    const bool is_within = value < limit;
    passed_ = passed_ && is_within;
    figures["limit"] = limit;
    figures["passed"] = is_within;
    print(what, std::move(figures));
  }
  [[nodiscard]] bool passed() const { return passed_; }

 private:
  bool passed_ = true;
};

std::string id_of(std::size_t n) {
  return "user-" + std::to_string(n);
}

/// A document of kDocumentBytes.
Json document(std::size_t n) {
  Json fields = {{"id", id_of(n)},
                 {"group", n % kGroups},
                 {"name", "Person number " + std::to_string(n * 7919 % 1'000'003)},
                 {"email", "person" + std::to_string(n) + "@example.com"},
                 {"active", n % 3 == 0},
                 {"score", static_cast<double>(n % 1'000) / 8},
                 {"address", {{"city", "City " + std::to_string(n % 97)}, {"zip", n % 100'000}}},
                 {"tags", {"alpha", "beta"}},
                 {"text", ""}};
  const std::size_t bytes = dump_json(fields).size();
  std::string text;
  while (bytes + text.size() < kDocumentBytes) text += "lorem ipsum dolor sit amet ";
  text.resize(kDocumentBytes > bytes ? kDocumentBytes - bytes : 0);
  fields["text"] = text;
  return fields;
}

/// The ports of a node, and its store while it is open.
class Bench {
 public:
  Bench(const Options& options, Report& report) : options_(options), report_(report) {}

  void open() {
    const DocumentStore::Ports ports{clock_, random_, logger_, thread_time};
    store_ = need(DocumentStore::open(options_.folder, {}, ports));
    CollectionOptions things;
    things.pk = "id";
    things.indices = {FieldPath("group"), FieldPath("address.city")};
    need(store_->add(std::make_shared<const Collection>("things", things)));
    need(store_->add(std::make_shared<const Collection>("plain", CollectionOptions())));
  }
  void close() { store_.reset(); }

  CollectionStore& things() { return *store_->find("things"); }
  CollectionStore& plain() { return *store_->find("plain"); }
  Deadline later() { return Deadline::after(clock_, std::chrono::minutes{10}); }

  void fill() {
    const std::size_t begin = things().count();
    if (begin >= options_.documents) return;
    std::atomic<std::size_t> next = begin;
    const double millis = millis_of([&] {
      std::vector<std::jthread> threads;
      for (std::size_t i = 0; i < kFillers; ++i) {
        threads.emplace_back([&] {
          for (std::size_t n = next++; n < options_.documents; n = next++) {
            need(things().add({.fields = document(n)}));
          }
        });
      }
    });
    const auto count = static_cast<double>(options_.documents - begin);
    report_.print("filling", {{"documents", count},
                              {"writers", kFillers},
                              {"per_second", std::round(count / millis * 1'000)}});
  }

  /// Durable inserts for some seconds; documents of another collection, so that the first one keeps
  /// its size.
  void insert(std::size_t writers) {
    std::atomic<bool> is_over = false;
    std::atomic<std::size_t> count = 0;
    std::vector<std::vector<double>> millis(writers);
    {
      std::vector<std::jthread> threads;
      for (std::size_t i = 0; i < writers; ++i) {
        threads.emplace_back([&, i] {
          while (!is_over) {
            const Json fields = document(count++);
            millis[i].push_back(millis_of([&] {
              need(plain().add({.fields = fields}).has_value()
                       ? Result<void>()
                       : Result<void>(Error{Errc::io, "add failed", {}}));
            }));
          }
        });
      }
      std::this_thread::sleep_for(std::chrono::seconds(options_.seconds));
      is_over = true;
    }
    std::vector<double> all;
    for (const auto& own : millis) all.insert(all.end(), own.begin(), own.end());
    const Times times = summary(all);
    report_.print("inserts", {{"writers", writers},
                              {"per_second", static_cast<double>(all.size()) /
                                                 static_cast<double>(options_.seconds)},
                              {"p50_ms", rounded(times.p50)},
                              {"p99_ms", rounded(times.p99)}});
  }

  void get_by_key() {
    std::vector<double> millis;
    for (std::size_t i = 0; i < 50'000; ++i) {
      const std::string id = id_of(random_.below(options_.documents));
      millis.push_back(millis_of([&] {
        if (!need(things().find(id))) throw std::runtime_error(id + " is missing");
      }));
    }
    const Times times = summary(millis);
    report_.check("get by key", {{"p50_ms", rounded(times.p50)}, {"p99_ms", rounded(times.p99)}},
                  times.p99, 2);
  }

  std::size_t count(const Json& filter) {
    std::size_t found = 0;
    const auto visited = things().visit(need(Filter::parse(filter)), later(), [&](Document&) {
      ++found;
      return true;
    });
    if (!need(visited)) throw std::runtime_error("a filter was cut off");
    return found;
  }

  void indexed(const char* what, const std::function<Json()>& filter) {
    std::vector<double> millis;
    std::size_t found = 0;
    for (int i = 0; i < 200; ++i) {
      const Json own = filter();
      millis.push_back(millis_of([&] { found += count(own); }));
    }
    const Times times = summary(millis);
    report_.check(
        what,
        {{"found", found / 200}, {"p50_ms", rounded(times.p50)}, {"p99_ms", rounded(times.p99)}},
        times.p99, 20);
  }

  void unindexed(const char* what, const Json& filter) {
    std::size_t found = 0;
    const double millis = millis_of([&] { found = count(filter); });
    report_.print(what, {{"found", found},
                         {"ms", std::round(millis)},
                         {"documents_per_second",
                          std::round(static_cast<double>(things().count()) / millis * 1'000)}});
  }

  SystemClock& clock() { return clock_; }
  SystemRandom& random() { return random_; }
  Logger& logger() { return logger_; }

 private:
  const Options& options_;
  Report& report_;
  SystemClock clock_;
  SystemRandom random_;
  StandardErrorLogger logger_;
  std::unique_ptr<DocumentStore> store_;
};

/// Filters of all operators on the fields of document(), and others that look costly.
class FilterFuzzer {
 public:
  explicit FilterFuzzer(std::uint64_t seed) : random_(seed) {}

  Json filter(int depth = 3) {
    Json out = Json::object();
    const std::size_t members = 1 + random_.below(depth > 2 ? 4 : 2);
    for (std::size_t i = 0; i < members; ++i) {
      if (depth > 0 && random_.below(3) == 0) {
        Json list = Json::array();
        const std::size_t items = random_.below(12);
        for (std::size_t item = 0; item < items; ++item) list.push_back(filter(depth - 1));
        out[random_.below(2) == 0 ? "$and" : "$or"] = list;
      } else {
        out[pick(kPaths)] = condition();
      }
    }
    return out;
  }

 private:
  static constexpr std::array<const char*, 12> kPaths{
      "id",           "group",       "name",    "email", "active",      "score",
      "address.city", "address.zip", "tags[0]", "text",  "text.length", "missing.deeply.nested"};
  static constexpr std::array<const char*, 14> kOperators{"$eq",  "$ne",  "$eqs", "$nes", "$gt",
                                                          "$gte", "$lt",  "$lte", "$sw",  "$ew",
                                                          "$lk",  "$isw", "$iew", "$ilk"};
  static constexpr std::array<const char*, 12> kAtoms{"a",       ".",         "[a-z]",   "\\w",
                                                      "\\s",     "[^m]",      "(?:a|o)", "lorem",
                                                      "(?:.*e)", "(?:\\w+ )", "i",       "(a+)"};
  static constexpr std::array<const char*, 8> kQuantifiers{"",  "",      "*",      "+",
                                                           "?", "{2,9}", "{0,30}", "{20}"};

  template <std::size_t N>
  const char* pick(const std::array<const char*, N>& from) {
    return from[random_.below(N)];
  }

  std::string regex() {
    std::string source;
    const std::size_t atoms = 1 + random_.below(8);
    for (std::size_t i = 0; i < atoms; ++i)
      source += std::string(pick(kAtoms)) + pick(kQuantifiers);
    if (random_.below(4) == 0) source = "(?:" + source + ")" + pick(kQuantifiers);
    return source + (random_.below(3) == 0 ? "$" : "");
  }

  Json condition() {
    const std::size_t kind = random_.below(8);
    if (kind == 0)
      return {{"$rx", {{"source", regex()}, {"flags", random_.below(2) == 0 ? "i" : ""}}}};
    if (kind == 1) {
      Json list = Json::array();
      const std::size_t items = random_.below(100);
      for (std::size_t i = 0; i < items; ++i) list.push_back(value());
      return {{"$in", list}};
    }
    const std::string name = pick(kOperators);
    const bool needs_text = name.back() == 'w' || name.back() == 'k';
    return {{name, needs_text ? text() : value()}};
  }

  Json text() {
    static constexpr std::array<const char*, 6> kTexts{
        "lorem", "dolor sit amet", "LOREM IPSUM", "e", "zzz", ""};
    return pick(kTexts);
  }

  Json value() {
    switch (random_.below(4)) {
      case 0:
        return text();
      case 1:
        return random_.below(2) == 0;
      default:
        return random_.below(10'000);
    }
  }

  SeededRandom random_;
};

/// A store in memory with the documents that filters are tried on.
class FilterBench {
 public:
  FilterBench(Bench& bench, Report& report) : bench_(bench), report_(report) {
    const DocumentStore::Ports ports{bench.clock(), bench.random(), bench.logger(), thread_time};
    store_ = need(DocumentStore::open(std::make_shared<MemoryDisk>(), ports));
    need(store_->add(std::make_shared<const Collection>("things", CollectionOptions())));
    for (std::size_t n = 0; n < kFilteredDocuments; ++n) {
      Json fields = document(n);
      fields["attack"] = std::string(28 + n % 40, 'a') + "!";
      need(store_->find("things")->add({.fields = fields}));
      if (n % 1'000 == 0) samples_.push_back(fields);
    }
  }

  /// Processor time that a filter takes on all documents.
  double millis(const Filter& filter, bool& is_complete) {
    const Cost cost = cost_of([&] {
      is_complete = need(
          store_->find("things")->visit(filter, bench_.later(), [](Document&) { return true; }));
    });
    return cost.processor_millis;
  }

  void known_attack() {
    bool is_complete = false;
    const Filter filter = need(Filter::parse({{"attack", {{"$rx", {{"source", "(a+)+$"}}}}}}));
    const double took = millis(filter, is_complete);
    std::vector<double> single;
    for (int i = 0; i < 1'000; ++i) {
      single.push_back(millis_of([&] {
        static_cast<void>(filter.matches({{"attack", std::string(10'000, 'a') + "!"}}));
      }));
    }
    report_.check(
        "(a+)+$ on 10,000 characters",
        {{"ms", rounded(summary(single).longest)}, {"all_10000_documents_ms", rounded(took)}},
        summary(single).longest, 10);
  }

  /// The slowest of `count` filters on a few documents, then on all of them.
  void fuzzed(std::size_t count) {
    FilterFuzzer fuzzer(1);
    std::vector<std::pair<double, Json>> slowest;
    std::size_t refused = 0;
    for (std::size_t i = 0; i < count; ++i) {
      Json text = fuzzer.filter();
      const auto filter = Filter::parse(text);
      refused += filter ? 0 : 1;
      if (!filter) continue;
      const double took = millis_of([&] {
        for (const Json& sample : samples_) static_cast<void>(filter->matches(sample));
      });
      slowest.emplace_back(took, std::move(text));
      std::push_heap(slowest.begin(), slowest.end(), is_slower);
      if (slowest.size() > kSlowest) {
        std::pop_heap(slowest.begin(), slowest.end(), is_slower);
        slowest.pop_back();
      }
    }
    double worst = 0;
    std::size_t cut_off = 0;
    for (const auto& [took, text] : slowest) {
      bool is_complete = false;
      worst = std::max(worst, millis(need(Filter::parse(text)), is_complete));
      cut_off += is_complete ? 0 : 1;
    }
    report_.check(
        "worst of fuzzed filters on 10,000 documents",
        {{"filters", count}, {"refused", refused}, {"cut_off", cut_off}, {"ms", rounded(worst)}},
        worst, 200);
  }

  /// Expressions made to have as many states as can be.
  void adversarial() {
    double worst = 0;
    std::size_t cut_off = 0;
    for (const char* source : {"(l|o)*o(l|o|r|e|m| |i|p|s|u|d){20}z", "(([a-z ]{1,30}e){1,20})Z",
                               "(a?){100}a{100}Z", "[^Z]{200}Z", "(.*e){30}Z"}) {
      const auto filter = Filter::parse({{"text", {{"$rx", {{"source", source}}}}}});
      if (!filter) continue;
      bool is_complete = false;
      worst = std::max(worst, millis(*filter, is_complete));
      cut_off += is_complete ? 0 : 1;
    }
    report_.check("regular expressions made to be slow",
                  {{"cut_off", cut_off}, {"ms", rounded(worst)}}, worst, 200);
  }

 private:
  static constexpr std::size_t kSlowest = 100;
  static bool is_slower(const std::pair<double, Json>& a, const std::pair<double, Json>& b) {
    return a.first > b.first;
  }

  Bench& bench_;
  Report& report_;
  std::unique_ptr<DocumentStore> store_;
  std::vector<Json> samples_;
};

bool measure(const Options& options) {
  Report report;
  Bench bench(options, report);
  bench.open();
  bench.insert(1);
  bench.insert(16);
  bench.fill();
  bench.close();
  const double opening = millis_of([&] { bench.open(); });
  std::error_code ignored;
  const auto file_bytes =
      std::filesystem::file_size(options.folder / DocumentStore::kFileName, ignored);
  report.check("opening",
               {{"documents", bench.things().count()},
                {"ms", std::round(opening)},
                {"file_mib", file_bytes >> 20}},
               opening, 3'000);
  bench.get_by_key();
  bench.indexed("indexed filter, equality", [&] {
    return Json{{"group", bench.random().below(kGroups)}};
  });
  bench.indexed("indexed filter, range and rest", [&] {
    const std::size_t low = bench.random().below(kGroups - 10);
    return Json{{"group", {{"$gte", low}, {"$lt", low + 5}}}, {"active", true}};
  });
  bench.unindexed("filter without index, one number", {{"score", 12.5}});
  bench.unindexed("filter without index, part of a text", {{"name", {{"$ilk", "NUMBER 99999"}}}});
  bench.unindexed("filter without index, regular expression",
                  {{"email", {{"$rx", {{"source", "^person\\d*77777@"}}}}}});
  const double rss = memory_mib("VmHWM:");
  report.check("memory at its highest", {{"mib", rounded(rss)}}, rss, 400);
  FilterBench filters(bench, report);
  filters.known_attack();
  filters.adversarial();
  filters.fuzzed(options.fuzzed);
  return report.passed();
}

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

}  // namespace

int main(int argc, char** argv) {
  try {
    Options options = read_options({argv + 1, argv + argc});
    std::optional<OwnFolder> own;
    if (options.folder.empty()) options.folder = own.emplace().path;
    return measure(options) ? 0 : 1;
  } catch (const UsageError& error) {
    std::cerr << "documents_store: " << error.what() << '\n';
    return 2;
  } catch (const std::exception& error) {
    std::cerr << "documents_store: " << error.what() << '\n';
    return 1;
  }
}
