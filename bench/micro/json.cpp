// Reading and writing JSON, and the checks of what was read.
#include <benchmark/benchmark.h>

#include "bench/micro/inputs.h"
#include "bench/support/actions.h"
#include "core/coverage.h"
#include "core/request_body.h"
#include "core/schema.h"
#include "services/sync/structure.h"

namespace spreadable::bench {
namespace {

std::string records_text(std::int64_t records) {
  return dump_json(records_answer("127.0.0.1:10000", static_cast<std::size_t>(records)));
}

void parse_count(benchmark::State& state) {
  const std::string text = dump_json(count_answer("127.0.0.1:10000", 25));
  for (auto _ : state) benchmark::DoNotOptimize(parse_json(text));
}
BENCHMARK(parse_count)->Name("json: parse an answer that counts");

void parse_records(benchmark::State& state) {
  const std::string text = records_text(state.range(0));
  for (auto _ : state) benchmark::DoNotOptimize(parse_json(text));
}
BENCHMARK(parse_records)->Name("json: parse records of 200 bytes")->Arg(1)->Arg(100);

void dump_records(benchmark::State& state) {
  const Json value = records_answer("127.0.0.1:10000", static_cast<std::size_t>(state.range(0)));
  for (auto _ : state) benchmark::DoNotOptimize(dump_json(value));
}
BENCHMARK(dump_records)->Name("json: dump records of 200 bytes")->Arg(1)->Arg(100);

void read_stage_body(benchmark::State& state) {
  const HttpRequest request{.method = Method::post,
                            .path = "/api/slave/count",
                            .query = {},
                            .headers = {{"content-type", "application/json"}},
                            .body = R"({"level":0,"timeout":1500,"timestamp":1700000000000})",
                            .remote_ip = {}};
  for (auto _ : state) benchmark::DoNotOptimize(parse_request_body(request));
}
BENCHMARK(read_stage_body)->Name("json: read the body of a stage");

void coverage_header(benchmark::State& state) {
  const Coverage coverage{.asked = 10, .answered = 10, .silent = {}};
  for (auto _ : state) benchmark::DoNotOptimize(Coverage::from_header(coverage.to_header()));
}
BENCHMARK(coverage_header)->Name("json: coverage to its header and back");

void check_addresses(benchmark::State& state) {
  const Schema schema = schema::object(
      {{"slaves", schema::array(schema::address(), {.items_max = 4096, .is_unique = true})}});
  Json names = Json::array();
  for (const Address& one : addresses(static_cast<std::size_t>(state.range(0)))) {
    names.push_back(one.text());
  }
  const Json value{{"slaves", names}};
  for (auto _ : state) benchmark::DoNotOptimize(schema.check(value));
}
BENCHMARK(check_addresses)->Name("schema: check unique addresses")->Arg(10)->Arg(100);

void check_query(benchmark::State& state) {
  const Schema schema =
      schema::object({{"records", schema::integer({.min = 1, .max = kRecordsMax})}});
  const Json value{{"records", 1}};
  for (auto _ : state) benchmark::DoNotOptimize(schema.check(value));
}
BENCHMARK(check_query)->Name("schema: check a query");

void structure_round_trip(benchmark::State& state) {
  const std::string text = structure_text(view(static_cast<std::size_t>(state.range(0))));
  for (auto _ : state) benchmark::DoNotOptimize(parse_structure(text));
}
BENCHMARK(structure_round_trip)->Name("structure: parse, of masters")->Arg(10)->Arg(100);

}  // namespace
}  // namespace spreadable::bench
