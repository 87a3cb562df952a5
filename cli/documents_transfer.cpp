// Import and export of documents, one JSON object to a line.
#include <fmt/format.h>
#include <unistd.h>

#include <atomic>
#include <fstream>
#include <iostream>
#include <mutex>
#include <thread>

#include "cli/command.h"
#include "cli/documents_flags.h"
#include "cli/output.h"
#include "extensions/documents/wire.h"

namespace spreadable::cli {
namespace {

constexpr std::int64_t kPageDocuments = 1'000;
constexpr std::size_t kFailuresShown = 10;
constexpr std::size_t kLineBytesMax = std::size_t{1} << 20;

/// A line on the terminal that says how far things are, written over again and again.
class Progress {
 public:
  explicit Progress(std::string_view verb) : verb_(verb), is_shown_(::isatty(STDERR_FILENO) == 1) {}
  ~Progress() {
    if (is_shown_ && shown_ > 0) fmt::print(stderr, "\n");
  }
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  void show(std::size_t done) {
    constexpr std::size_t kStep = 100;
    if (!is_shown_ || done < shown_ + kStep) return;
    shown_ = done;
    fmt::print(stderr, "\r{} {}", verb_, count_of(done, "document"));
    std::fflush(stderr);
  }

 private:
  const std::string verb_;
  const bool is_shown_;
  std::size_t shown_ = 0;
};

/// Hands out the lines of a file to several threads, and gathers what became of them.
class Import {
 public:
  Import(const DocumentFlags& flags, documents::Client& client, std::istream& input)
      : flags_(flags), client_(client), input_(input) {}

  void run() {
    std::vector<std::jthread> workers;
    for (std::size_t i = 0; i < flags_.jobs; ++i) workers.emplace_back([this] { work(); });
  }
  [[nodiscard]] int report() const {
    print_line(fmt::format("{} added, {} there already, {} failed", added_, existing_, failed_));
    return finish_output(failed_ == 0 ? kDone : kFailed);
  }

 private:
  struct Line {
    std::size_t number = 0;
    std::string text;
  };

  bool take(Line& line) {
    const std::scoped_lock lock(mutex_);
    while (std::getline(input_, line.text)) {
      line.number = ++lines_;
      if (line.text.find_first_not_of(" \t\r") != std::string::npos) return true;
    }
    return false;
  }

  Result<Json> add(const Line& line) {
    if (line.text.size() > kLineBytesMax) {
      return Error{Errc::too_large, "the line is longer than 1 MiB", {}};
    }
    const Result<Json> document = parse_json(line.text);
    if (!document) return document;
    documents::Client::Adding adding;
    adding.owner_token = flags_.owner;
    return client_.add(flags_.collection, *document, adding);
  }

  void work() {
    Line line;
    while (take(line)) {
      const Result<Json> added = add(line);
      const std::scoped_lock lock(mutex_);
      if (added) {
        ++added_;
      } else if (flags_.ignores_existing &&
                 added.error().wire_code == documents::wire::kDocumentExists) {
        ++existing_;
      } else if (++failed_ <= kFailuresShown) {
        static_cast<void>(fail(fmt::format("line {}: {}", line.number, describe(added.error()))));
      }
      progress_.show(added_ + existing_ + failed_);
    }
  }

  const DocumentFlags& flags_;
  documents::Client& client_;
  std::mutex mutex_;
  std::istream& input_;
  std::size_t lines_ = 0;
  std::size_t added_ = 0;
  std::size_t existing_ = 0;
  std::size_t failed_ = 0;
  Progress progress_{"imported"};
};

/// The next page: by number, or from the last key on where a key field is given.
Result<documents::Client::Page> next_page(const DocumentFlags& flags, documents::Client& client,
                                          documents::Client::Query& query, const Json& last) {
  query.limit = kPageDocuments;
  if (!flags.key.empty()) {
    query.sort = Json::array({flags.key});
    const auto given = flags.query();
    if (!given) return given.error();
    query.filter = given->filter.is_null() ? Json::object() : given->filter;
    if (!last.is_null()) {
      query.filter = {{"$and", {query.filter, {{flags.key, {{"$gt", last}}}}}}};
    }
  }
  auto page = client.get(flags.collection, query);
  if (flags.key.empty()) ++query.offset;
  return page;
}

}  // namespace

int import_documents(const DocumentFlags& flags, documents::Client& client) {
  std::ifstream file;
  if (flags.file != "-") {
    file.open(flags.file, std::ios::binary);
    if (!file) return fail(fmt::format("cannot read \"{}\"", flags.file));
  }
  Import import(flags, client, flags.file == "-" ? std::cin : file);
  import.run();
  return import.report();
}

int export_documents(const DocumentFlags& flags, documents::Client& client) {
  auto query = flags.query();
  if (!query) return misuse(query.error().message);
  std::ofstream file;
  const bool is_file = !flags.file.empty() && flags.file != "-";
  if (is_file) file.open(flags.file, std::ios::binary);
  if (is_file && !file) return fail(fmt::format("cannot write \"{}\"", flags.file));
  Progress progress("exported");
  Json last;
  std::size_t done = 0;
  for (;;) {
    const auto page = next_page(flags, client, *query, last);
    if (!page) return fail(describe(page.error()));
    for (const Json& document : page->documents) {
      const std::string line = dump_json(document);
      if (is_file) {
        file << line << '\n';
      } else {
        print_line(line);
      }
    }
    done += page->documents.size();
    progress.show(done);
    if (page->documents.size() < static_cast<std::size_t>(kPageDocuments)) break;
    if (!flags.key.empty()) last = page->documents.back().value(flags.key, Json());
  }
  if (is_file && !file.flush()) return fail(fmt::format("cannot write \"{}\"", flags.file));
  return finish_output(kDone);
}

}  // namespace spreadable::cli
