#include "extensions/documents/document.h"

#include <doctest/doctest.h>

namespace spreadable::documents {

TEST_CASE("document: keys: what JavaScript writes alike is one key") {
  struct Row {
    Json key;
    const char* text;
  };
  for (const Row& row :
       {Row{"a", "a"}, Row{5, "5"}, Row{5.0, "5"}, Row{-0.0, "0"}, Row{0.1, "0.1"},
        Row{1e21, "1e+21"}, Row{123456789012345680000.0, "123456789012345680000"},
        Row{1e-7, "1e-7"}, Row{0.000001, "0.000001"}, Row{-1.5e300, "-1.5e+300"}}) {
    INFO(row.text);
    CHECK(key_text(row.key) == row.text);
  }
}

TEST_CASE("document: digest: of key and content, and of nothing else") {
  const std::string digest = content_digest("key", "{}");
  CHECK(digest.size() == 16);
  CHECK(digest == content_digest("key", "{}"));
  CHECK(digest != content_digest("key", "{ }"));
  CHECK(digest != content_digest("key{", "}"));
  CHECK(owner_digest("").empty());
  CHECK(owner_digest("token").size() == 32);
  CHECK(owner_digest("token") != owner_digest("Token"));
}

TEST_CASE("document: size: the bytes of its JSON") {
  CHECK(estimated_bytes(Json::object()) == 2);
  CHECK(estimated_bytes({{"a", "ä"}, {"b", {1, true}}}) == 23);
}

TEST_CASE("document: revisions: the later one wins, at one time a deletion, then the digest") {
  const Revision old{1, false, "b"};
  const Revision other{1, false, "c"};
  const Revision deletion{1, true, ""};
  const Revision later{2, false, "a"};
  CHECK(old < other);
  CHECK(other < deletion);
  CHECK(deletion < later);
}

}  // namespace spreadable::documents
