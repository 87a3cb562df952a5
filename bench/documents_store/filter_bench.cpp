#include "bench/documents_store/filter_bench.h"

#include <algorithm>
#include <string>
#include <utility>

#include "bench/documents_store/filter_fuzzer.h"
#include "bench/documents_store/sample.h"

namespace spreadable::bench {

using documents::Collection;
using documents::CollectionOptions;
using documents::Document;
using documents::DocumentStore;
using documents::Filter;

namespace {

constexpr std::size_t kDocuments = 10'000;
constexpr std::size_t kSlowest = 100;

// Source of the limits: docs/documents.md.
constexpr double kAttackMillisMax = 10;
constexpr double kFilterMillisMax = 200;

bool is_slower(const std::pair<double, Json>& a, const std::pair<double, Json>& b) {
  return a.first > b.first;
}

}  // namespace

FilterBench::FilterBench(Ports& ports, Report& report) : ports_(ports), report_(report) {
  store_ = need(DocumentStore::open(std::make_shared<documents::MemoryDisk>(), ports.all()));
  need(store_->add(std::make_shared<const Collection>("things", CollectionOptions())));
  for (std::size_t n = 0; n < kDocuments; ++n) {
    Json fields = sample_document(n);
    fields["attack"] = std::string(28 + n % 40, 'a') + "!";
    need(store_->find("things")->add({.fields = fields}));
    if (n % 1'000 == 0) samples_.push_back(fields);
  }
}

FilterBench::Run FilterBench::run(const Filter& filter) {
  Run run;
  run.millis = processor_millis_of([&] {
    run.is_complete =
        need(store_->find("things")->visit(filter, ports_.later(), [](Document&) { return true; }));
  });
  return run;
}

void FilterBench::known_attack() {
  const Filter filter = need(Filter::parse({{"attack", {{"$rx", {{"source", "(a+)+$"}}}}}}));
  const Run all = run(filter);
  std::vector<double> single;
  for (int i = 0; i < 1'000; ++i) {
    single.push_back(processor_millis_of([&] {
      static_cast<void>(filter.matches({{"attack", std::string(10'000, 'a') + "!"}}));
    }));
  }
  const double longest = summary(single).longest;
  report_.check("(a+)+$ on 10,000 characters",
                {{"ms", rounded(longest)}, {"all_10000_documents_ms", rounded(all.millis)}},
                longest, kAttackMillisMax);
}

void FilterBench::adversarial() {
  double worst = 0;
  std::size_t cut_off = 0;
  for (const char* source : {"(l|o)*o(l|o|r|e|m| |i|p|s|u|d){20}z", "(([a-z ]{1,30}e){1,20})Z",
                             "(a?){100}a{100}Z", "[^Z]{200}Z", "(.*e){30}Z"}) {
    const auto filter = Filter::parse({{"text", {{"$rx", {{"source", source}}}}}});
    if (!filter) continue;
    const Run one = run(*filter);
    worst = std::max(worst, one.millis);
    cut_off += one.is_complete ? 0 : 1;
  }
  report_.check("regular expressions made to be slow",
                {{"cut_off", cut_off}, {"ms", rounded(worst)}}, worst, kFilterMillisMax);
}

void FilterBench::fuzzed(std::size_t count) {
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
    if (slowest.size() <= kSlowest) continue;
    std::pop_heap(slowest.begin(), slowest.end(), is_slower);
    slowest.pop_back();
  }
  double worst = 0;
  std::size_t cut_off = 0;
  for (const auto& [took, text] : slowest) {
    const Run one = run(need(Filter::parse(text)));
    worst = std::max(worst, one.millis);
    cut_off += one.is_complete ? 0 : 1;
  }
  report_.check(
      "worst of fuzzed filters on 10,000 documents",
      {{"filters", count}, {"refused", refused}, {"cut_off", cut_off}, {"ms", rounded(worst)}},
      worst, kFilterMillisMax);
}

}  // namespace spreadable::bench
