#include "core/data_hash.h"

#include <doctest/doctest.h>

#include <string>
#include <vector>

namespace spreadable {

TEST_CASE("data hash: parts: joined with a plus, as all nodes do") {
  struct Row {
    std::vector<std::string> parts;
    const char* hash;
  };
  for (const Row& row : {
           Row{{"localhost:4000", "1700000100000"}, "1157a94f574707ad65d67b688a59a6d2"},
           Row{{"127.0.0.1", "client", "1700000100000", "localhost:4000", "localhost:4001",
                "localhost:4002"},
               "45e008a5dbc192b209780cf96ab11a3d"},
           Row{{"\u043f\u0440\u0438\u043c\u0435\u0440.\u0440\u0444:1", "0"},
               "747b1a147e0563ba75a55b3f1019c3e0"},
           Row{{}, "d41d8cd98f00b204e9800998ecf8427e"},
       }) {
    CHECK(data_hash(row.parts) == row.hash);
  }
}

}  // namespace spreadable
