#include "extensions/documents/detail/writer.h"

#include <doctest/doctest.h>

#include <atomic>
#include <latch>
#include <stdexcept>
#include <thread>

namespace spreadable::documents::detail {
namespace {

/// A writer to a table in memory, `numbers (n)`.
struct Fixture {
  explicit Fixture(std::size_t waiting_max = Writer::kWaitingMax)
      : pool(sessions()), writer(pool, waiting_max) {
    REQUIRE(writer.write({.run = [](Session& session) {
      return session.execute("CREATE TABLE numbers (n INTEGER PRIMARY KEY)");
    }}));
  }

  static std::vector<std::unique_ptr<Session>> sessions() {
    std::vector<std::unique_ptr<Session>> made;
    auto connection =
        sqlite::Connection::open(":memory:", sqlite::Connection::Durability::normal).value();
    made.push_back(std::make_unique<Session>(std::move(connection)));
    return made;
  }

  static Result<void> put(Session& session, int number) {
    return session.run("INSERT INTO numbers (n) VALUES (?1)", number);
  }

  std::int64_t count() {
    const SessionPool::Lease session(pool);
    sqlite::Query query(*session->prepared("SELECT count(*) FROM numbers").value());
    REQUIRE(query.step().value());
    return query.integer(0);
  }

  SessionPool pool;
  Writer writer;
};

}  // namespace

TEST_CASE("documents writer: one caller: writes at once, and is told of its own failure") {
  Fixture fixture;
  bool is_committed = false;
  CHECK(fixture.writer.write({.run = [](Session& session) { return Fixture::put(session, 1); },
                              .committed = [&] { is_committed = true; }}));
  CHECK(is_committed);
  is_committed = false;
  const auto refused = fixture.writer.write({.run = [](Session& session) -> Result<void> {
                                               if (auto put = Fixture::put(session, 2); !put)
                                                 return put;
                                               return Error{Errc::logical, "no", "ERR_NO"};
                                             },
                                             .committed = [&] { is_committed = true; }});
  CHECK(refused.error().wire_code == "ERR_NO");
  CHECK_FALSE(is_committed);
  const auto thrown = fixture.writer.write(
      {.run = [](Session&) -> Result<void> { throw std::runtime_error("broken"); }});
  CHECK(thrown.error().message == "a change failed: broken");
  CHECK(fixture.count() == 1);
}

TEST_CASE("documents writer: many callers: share commits, and a failure is one caller's own") {
  Fixture fixture;
  constexpr int kCallers = 16;
  constexpr int kEach = 50;
  std::atomic<int> refused = 0;
  std::atomic<int> committed = 0;
  std::latch everybody(kCallers);
  std::vector<std::jthread> threads;
  for (int caller = 0; caller < kCallers; ++caller) {
    threads.emplace_back([&, caller] {
      everybody.arrive_and_wait();
      for (int i = 0; i < kEach; ++i) {
        const bool is_bad = i % 5 == 0;
        const auto written =
            fixture.writer.write({.run = [&](Session& session) -> Result<void> {
                                    if (auto put = Fixture::put(session, caller * kEach + i); !put)
                                      return put;
                                    if (is_bad) return Error{Errc::logical, "no", {}};
                                    return {};
                                  },
                                  .committed = [&] { ++committed; }});
        if (written.has_value() == is_bad) refused = -1'000'000;
        if (!written) ++refused;
      }
    });
  }
  threads.clear();
  CHECK(refused == kCallers * kEach / 5);
  CHECK(committed == kCallers * kEach * 4 / 5);
  CHECK(fixture.count() == kCallers * kEach * 4 / 5);
}

TEST_CASE("documents writer: limit: more than may wait are refused at once") {
  Fixture fixture(/*waiting_max=*/2);
  std::latch is_writing(1);
  std::latch may_end(1);
  std::jthread first([&] {
    CHECK(fixture.writer.write({.run = [&](Session& session) {
      is_writing.count_down();
      may_end.wait();
      return Fixture::put(session, 0);
    }}));
  });
  is_writing.wait();
  std::latch is_refused(1);
  std::atomic<int> refused = 0;
  std::vector<std::jthread> others;
  for (int number = 1; number <= 3; ++number) {
    others.emplace_back([&, number] {
      const auto written = fixture.writer.write(
          {.run = [&](Session& session) { return Fixture::put(session, number); }});
      if (written) return;
      CHECK(written.error().code == Errc::overloaded);
      ++refused;
      is_refused.count_down();
    });
  }
  is_refused.wait();  // one of three, while the first is still writing
  may_end.count_down();
  others.clear();
  first.join();
  CHECK(refused == 1);
  CHECK(fixture.count() == 3);
}

}  // namespace spreadable::documents::detail
