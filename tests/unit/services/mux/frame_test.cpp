#include "services/mux/frame.h"

#include <doctest/doctest.h>

#include <vector>

namespace spreadable {
namespace {

using Frames = std::vector<std::pair<std::uint32_t, std::string>>;

struct Reading {
  Frames frames;
  bool is_read = true;
};

/// What is read of `bytes` when they come in pieces of `size`.
Reading read_in_pieces(FrameReader& reader, std::string_view bytes, std::size_t size) {
  Reading reading;
  while (!bytes.empty() && reading.is_read) {
    reading.is_read = reader.feed(bytes.substr(0, size), [&](const Frame& frame) {
      reading.frames.emplace_back(frame.id, frame.payload);
    });
    bytes.remove_prefix(std::min(size, bytes.size()));
  }
  return reading;
}

}  // namespace

TEST_CASE("frames: reading: the same frames however the bytes are cut") {
  const Frames frames{{0, ""}, {1, "one"}, {4'000'000'000, std::string(300, 'x')}, {7, "\0\r\n"}};
  std::string bytes;
  for (const auto& [id, payload] : frames) append_frame(bytes, id, payload);
  for (std::size_t size = 1; size <= bytes.size(); ++size) {
    INFO(size);
    FrameReader reader(300);
    const Reading reading = read_in_pieces(reader, bytes, size);
    CHECK(reading.is_read);
    CHECK(reading.frames == frames);
    CHECK(reader.pending() == 0);
  }
}

TEST_CASE("frames: writing: head and body are one payload, the highest byte first") {
  std::string bytes;
  append_frame(bytes, 0x01020304, "he", "ad");
  CHECK(bytes == std::string("\0\0\0\4\1\2\3\4head", 12));
}

TEST_CASE("frames: reading: a frame that is too long ends it, as soon as that is known") {
  std::string bytes;
  append_frame(bytes, 1, "fits");
  append_frame(bytes, 2, "does not fit");
  for (std::size_t size = 1; size <= bytes.size(); ++size) {
    FrameReader reader(4);
    const Reading reading = read_in_pieces(reader, bytes, size);
    CHECK_FALSE(reading.is_read);
    CHECK(reading.frames == Frames{{1, "fits"}});
    CHECK(reader.buffered() < 64);
  }
}

TEST_CASE("frames: reading: what has not come yet is pending") {
  std::string bytes;
  append_frame(bytes, 1, "payload");
  FrameReader reader(100);
  CHECK(read_in_pieces(reader, bytes.substr(0, 10), 3).frames.empty());
  CHECK(reader.pending() == 10);
  CHECK(read_in_pieces(reader, bytes.substr(10), 100).frames == Frames{{1, "payload"}});
  CHECK(reader.pending() == 0);
}

}  // namespace spreadable
