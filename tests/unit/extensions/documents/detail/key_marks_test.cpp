#include "extensions/documents/detail/key_marks.h"

#include <doctest/doctest.h>

#include <string>

namespace spreadable::documents::detail {

TEST_CASE("documents: key marks: what is packed is unpacked, in its order") {
  const std::vector<KeyMark> marks{0, 1, ~KeyMark{0}, 0x0123456789abcdef, 1};
  CHECK(unpack_marks(pack_marks(marks)) == marks);
  CHECK(unpack_marks(pack_marks({})) == std::vector<KeyMark>());
}

TEST_CASE("documents: key marks: what is no list of marks is refused") {
  for (const char* text : {"AAAA", "AAAAAAAAAAAA", "no base64!", "AAAAAAAAAAA=A"}) {
    INFO(text);
    CHECK_FALSE(unpack_marks(text));
  }
}

TEST_CASE("documents: key marks: 100,000 keys of one moment have as many marks") {
  std::vector<KeyMark> marks;
  for (int i = 0; i < 100'000; ++i) {
    marks.push_back(key_mark("0193a2b4-7c1e-7" + std::to_string(i)));
    marks.push_back(key_mark("0193a2b4-7c1e-7" + std::to_string(i)));
  }
  make_unique(marks);
  CHECK(marks.size() == 100'000);
}

TEST_CASE("documents: key marks: a mark is the same on all machines and in all versions") {
  CHECK(key_mark("") == 0xefd01f60ba992926);
  CHECK(key_mark("a") == 0x82a2a958a9bece5b);
}

}  // namespace spreadable::documents::detail
