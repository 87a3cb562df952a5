#include "core/units.h"

#include <doctest/doctest.h>

namespace spreadable {

using namespace std::chrono_literals;

TEST_CASE("units: time: a number and any name of a unit") {
  struct Row {
    const char* text;
    Millis span;
  };
  for (const Row& row : {
           Row{"0", 0ms},
           Row{"1500", 1500ms},
           Row{"16s", 16s},
           Row{"16 s", 16s},
           Row{"1.5h", 90min},
           Row{".5m", 30s},
           Row{"-3s", -3s},
           Row{"+3s", 3s},
           Row{"2 Days", 48h},
           Row{"1w", 168h},
           Row{"1y", 8766h},
           Row{"100y", kDurationMax},
           Row{"-100y", -kDurationMax},
           Row{"5msecs", 5ms},
           Row{"1 MILLISECOND", 1ms},
           Row{"7 hrs", 7h},
           Row{"1 yr", 8766h},
           Row{"1.4", 1ms},
           Row{"1.5", 2ms},
           Row{"0.0005s", 1ms},
           Row{"0.99999999999999999999s", 1s},
           Row{"00000000000000000000000000016s", 16s},
       }) {
    INFO(row.text);
    const auto span = parse_duration(row.text);
    REQUIRE(span);
    CHECK(*span == row.span);
  }
}

TEST_CASE("units: number: decimal, finite and all of the text") {
  CHECK(parse_number("12") == 12);
  CHECK(parse_number("+12") == 12);
  CHECK(parse_number("-1.5e2") == -150);
  CHECK(parse_number(".5") == 0.5);
  for (const char* text : {"", "+", "-", "+-1", "0x10", "1 ", " 1", "1s", "inf", "nan", "1e999"}) {
    INFO(text);
    CHECK_FALSE(parse_number(text));
  }
}

TEST_CASE("units: time: anything else and anything too long is refused") {
  for (const char* text : {"",
                           " ",
                           "s",
                           "-",
                           ".",
                           "5.",
                           "5.s",
                           "1e3",
                           "0x10",
                           "16 parsecs",
                           "16s ",
                           " 16s",
                           "1 6s",
                           "--1s",
                           "1s2s",
                           "nan",
                           "inf",
                           "auto",
                           "36526d",
                           "101y",
                           "9223372036854775807",
                           "18446744073709551616",
                           "99999999999999999999999999999999999999y",
                           "16\ts"}) {
    INFO(text);
    const auto span = parse_duration(text);
    REQUIRE_FALSE(span);
    CHECK(span.error().code == Errc::invalid_argument);
    CHECK(span.error().message.find(text) != std::string::npos);
  }
}

TEST_CASE("units: size: powers of 1024, rounded down") {
  struct Row {
    const char* text;
    std::uint64_t bytes;
  };
  for (const Row& row : {
           Row{"0", 0},
           Row{"12", 12},
           Row{"12b", 12},
           Row{"1.9", 1},
           Row{"500kb", 512'000},
           Row{"1.5mb", 1'572'864},
           Row{"1 GB", 1ULL << 30},
           Row{"2tb", 1ULL << 41},
           Row{"1pb", 1ULL << 50},
           Row{"0.1kb", 102},
           Row{"0.001953125kb", 2},
           Row{"9223372036854775807", kSizeMax},
           Row{"9007199254740993", 9'007'199'254'740'993},
           Row{"8191.5pb", (8191ULL << 50) + (1ULL << 49)},
       }) {
    INFO(row.text);
    const auto bytes = parse_size(row.text);
    REQUIRE(bytes);
    CHECK(*bytes == row.bytes);
  }
  for (const char* text : {"", "kb", "-1", "1 b b", "1eb", "12abc", "50%", "8192pb",
                           "9223372036854775808", "18446744073709551616kb"}) {
    INFO(text);
    const auto bytes = parse_size(text);
    REQUIRE_FALSE(bytes);
    CHECK(bytes.error().code == Errc::invalid_argument);
  }
}

TEST_CASE("units: short form of a time: the largest unit that fits, rounded") {
  struct Row {
    std::chrono::duration<double, std::milli> span;
    const char* text;
  };
  for (const Row& row : {
           // Values of protocol section 1.10 and 13.
           Row{0ms, "0ms"},
           Row{16s, "16s"},
           Row{2min, "2m"},
           Row{std::chrono::duration<double, std::milli>(64.0 / 3), "21.333333333333332ms"},
           Row{999ms, "999ms"},
           Row{1000ms, "1s"},
           Row{1499ms, "1s"},
           Row{1500ms, "2s"},
           Row{59'999ms, "60s"},
           Row{60s, "1m"},
           Row{60min, "1h"},
           Row{36h, "2d"},
           Row{-16s, "-16s"},
           Row{kDurationMax, "36525d"},
       }) {
    CHECK(format_duration(row.span) == row.text);
  }
}

TEST_CASE("units: short form of a size: read back, it is the same within a hundredth") {
  struct Row {
    std::uint64_t bytes;
    const char* text;
  };
  for (const Row& row : {Row{0, "0b"}, Row{1, "1b"}, Row{1023, "1023b"}, Row{1024, "1kb"},
                         Row{512'000, "500kb"}, Row{1'572'864, "1.5mb"}, Row{1'100'000, "1.05mb"},
                         Row{1ULL << 50, "1pb"}, Row{kSizeMax, "8192pb"}}) {
    CHECK(format_size(row.bytes) == row.text);
  }
}

}  // namespace spreadable
