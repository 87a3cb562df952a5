// `spreadable documents`: documents of a network, from the command line.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <iostream>
#include <iterator>
#include <memory>

#include "cli/command.h"
#include "cli/documents_flags.h"
#include "cli/documents_table.h"
#include "cli/output.h"

namespace spreadable::cli {
namespace {

using Act = int (*)(const DocumentFlags& flags, documents::Client& client);

Error invalid(std::string message) {
  return Error{Errc::invalid_argument, std::move(message), {}};
}

/// The JSON of a flag, null when it is not given.
Result<Json> json_of(const std::string& text, std::string_view flag) {
  if (text.empty()) return Json();
  Result<Json> value = parse_json(text);
  if (!value) return invalid(fmt::format("{} (flag {})", value.error().message, flag));
  return value;
}

/// A value that need not be written as JSON: `5`, `"5"` and `abc` are what they look like.
Json value_of(const std::string& text) {
  Result<Json> value = parse_json(text);
  return value ? std::move(*value) : Json(text);
}

Result<Json> document_of(const std::string& argument) {
  std::string text = argument;
  if (argument == "-") {
    text.assign(std::istreambuf_iterator<char>(std::cin), std::istreambuf_iterator<char>());
  }
  Result<Json> document = parse_json(text);
  if (!document) return invalid("argument JSON: " + document.error().message);
  if (document->is_object()) return document;
  return invalid(fmt::format("argument JSON: expected an object, got {}", document->type_name()));
}

void show(const DocumentFlags& flags, const std::vector<Json>& documents) {
  const bool is_table = flags.is_table || (!flags.client.is_json && terminal_size().has_value());
  if (is_table) {
    for (const std::string& line : table_of(documents, text_width())) print_line(line);
  } else {
    for (const Json& document : documents) print_line(json_text(document));
  }
}

int add(const DocumentFlags& flags, documents::Client& client) {
  const Result<Json> document = document_of(flags.document);
  if (!document) return misuse(document.error().message);
  documents::Client::Adding adding;
  adding.owner_token = flags.owner;
  adding.ignore_existence_error = flags.ignores_existing;
  const auto added = client.add(flags.collection, *document, adding);
  if (!added) return fail(describe(added.error()));
  print_line(json_text(*added));
  return finish_output(kDone);
}

int get(const DocumentFlags& flags, documents::Client& client) {
  if (!flags.pk.empty()) {
    const auto document = client.get_by_pk(flags.collection, value_of(flags.pk), {});
    if (!document) return fail(describe(document.error()));
    if (document->is_null()) return fail("there is no such document");
    show(flags, {*document});
    return finish_output(kDone);
  }
  const auto query = flags.query();
  if (!query) return misuse(query.error().message);
  const auto page = client.get(flags.collection, *query);
  if (!page) return fail(describe(page.error()));
  show(flags, page->documents);
  const bool is_part = page->total_count > page->documents.size();
  if (is_part && terminal_size()) {
    print_line(
        fmt::format("{} of {}", page->documents.size(), count_of(page->total_count, "document")));
  }
  return finish_output(kDone);
}

int count(const DocumentFlags& flags, documents::Client& client) {
  const auto query = flags.query();
  if (!query) return misuse(query.error().message);
  const auto number = client.count(flags.collection, *query);
  if (!number) return fail(describe(number.error()));
  print_line(std::to_string(*number));
  return finish_output(kDone);
}

/// The change of an update or a deletion. All documents are meant only when that is said.
Result<documents::Client::Change> change_of(const DocumentFlags& flags) {
  Result<Json> filter = json_of(flags.filter, "--filter");
  if (!filter) return filter.error();
  if (filter->is_null() && !flags.is_all) {
    return invalid("name the documents by --filter, or all of them by --all");
  }
  documents::Client::Change change;
  change.filter = std::move(*filter);
  change.owner_token = flags.owner;
  change.replaces = flags.replaces;
  return change;
}

int update(const DocumentFlags& flags, documents::Client& client) {
  const auto change = change_of(flags);
  if (!change) return misuse(change.error().message);
  const Result<Json> document = document_of(flags.document);
  if (!document) return misuse(document.error().message);
  const auto updated = client.update(flags.collection, *document, *change);
  if (!updated) return fail(describe(updated.error()));
  print_line(fmt::format("copies updated: {}", *updated));
  return finish_output(kDone);
}

int remove(const DocumentFlags& flags, documents::Client& client) {
  const auto change = change_of(flags);
  if (!change) return misuse(change.error().message);
  const auto deleted = client.remove(flags.collection, *change);
  if (!deleted) return fail(describe(deleted.error()));
  print_line(fmt::format("copies deleted: {}", *deleted));
  return finish_output(kDone);
}

int run(const DocumentFlags& flags, Act act) {
  const Result<Client::Options> options = flags.client.read();
  if (!options) return misuse(options.error().message);
  DocumentsNodeClient client(*options);
  if (const Result<void> found = client->init(); !found) return fail(describe(found.error()));
  return act(flags, *client);
}

struct Verb {
  const char* name;
  const char* help;
  Act act;
  /// Letters of what it takes: d document, f filter, q sort to page, o owner, a all, r replace,
  /// i ignore, p pk, t table, j jobs, k key, F file that must be given, O one that need not.
  std::string_view takes;
};

constexpr Verb kVerbs[] = {
    {"add", "Add one document", add, "doi"},
    {"get", "Show documents: those that match, or one by its primary key", get, "fqpt"},
    {"count", "Count documents that match", count, "f"},
    {"update", "Change documents that match", update, "dfoar"},
    {"delete", "Delete documents that match", remove, "foa"},
    {"import", "Add documents from a file, one JSON object to a line", import_documents, "Foij"},
    {"export", "Write documents to a file, one JSON object to a line", export_documents, "Ofk"},
};

void add_flags(CLI::App& app, DocumentFlags& flags, std::string_view takes) {
  const auto has = [&](char letter) { return takes.find(letter) != std::string_view::npos; };
  app.add_option("collection", flags.collection, "The collection")
      ->type_name("COLLECTION")
      ->required();
  if (has('d')) {
    app.add_option("json", flags.document, "An object; - reads standard input")
        ->type_name("JSON")
        ->required();
  }
  if (has('F') || has('O')) {
    auto* const file = app.add_option("file", flags.file, "- is standard input or output");
    file->type_name("FILE")->required(has('F'));
  }
  if (has('f')) {
    app.add_option("--filter", flags.filter, "Which documents, such as '{\"age\": {\"$gt\": 17}}'")
        ->type_name("JSON");
  }
  if (has('q')) {
    app.add_option("--sort", flags.sort, "Order, such as '[\"name\", [\"age\", \"desc\"]]'")
        ->type_name("JSON");
    app.add_option("--fields", flags.fields, "Fields to show, such as '[\"name\"]'")
        ->type_name("JSON");
    app.add_option("--limit", flags.limit, "Documents on a page; default: all")->type_name("N");
    app.add_option("--page", flags.page, "Which page, from 0 on")->type_name("N");
  }
  if (has('p'))
    app.add_option("--pk", flags.pk, "The one with this primary key")->type_name("VALUE");
  if (has('t')) app.add_flag("--table", flags.is_table, "A table even where none is usual");
  if (has('o')) {
    app.add_option("--owner", flags.owner, "The token that shows whose the documents are")
        ->type_name("TOKEN");
  }
  if (has('a')) app.add_flag("--all", flags.is_all, "All documents of the collection");
  if (has('r')) app.add_flag("--replace", flags.replaces, "Leave nothing of the old fields");
  if (has('i'))
    app.add_flag("--ignore-existing", flags.ignores_existing, "What exists is no error");
  if (has('j')) {
    app.add_option("--jobs", flags.jobs, "Documents on their way at a time; default 8")
        ->type_name("N")
        ->check(CLI::Range(std::size_t{1}, std::size_t{64}).description(""));
  }
  if (has('k')) {
    app.add_option("--key", flags.key,
                   "A field that all have and no two alike: by it large exports are read on")
        ->type_name("FIELD");
  }
  flags.client.add_to(app);
}

}  // namespace

Result<documents::Client::Query> DocumentFlags::query() const {
  documents::Client::Query made;
  const auto read = [](Json& place, const std::string& text, const char* flag) -> Result<void> {
    Result<Json> value = json_of(text, flag);
    if (!value) return value.error();
    place = std::move(*value);
    return {};
  };
  if (auto done = read(made.filter, filter, "--filter"); !done) return done.error();
  if (auto done = read(made.sort, sort, "--sort"); !done) return done.error();
  if (auto done = read(made.fields, fields, "--fields"); !done) return done.error();
  made.limit = limit;
  made.offset = page;
  return made;
}

DocumentsNodeClient::DocumentsNodeClient(Client::Options options)
    : transport_(clock_, resolver_),
      client_(std::move(options), {.transport = transport_, .clock = clock_, .random = random_}) {}

Run make_documents(CLI::App& app) {
  app.require_subcommand(1);
  std::vector<std::pair<CLI::App*, Run>> verbs;
  for (const Verb& verb : kVerbs) {
    const auto flags = std::make_shared<DocumentFlags>();  // shared with the parser's callbacks
    CLI::App* const added = app.add_subcommand(verb.name, verb.help);
    add_flags(*added, *flags, verb.takes);
    verbs.emplace_back(added, [flags, act = verb.act] { return run(*flags, act); });
  }
  app.footer(
      "Documents are JSON objects. On a terminal they are shown as a table, otherwise one to a\n"
      "line. Example: spreadable documents get people --filter '{\"age\": {\"$gt\": 17}}'");
  return [verbs] {
    for (const auto& [verb, act] : verbs) {
      if (verb->parsed()) return act();
    }
    return misuse("name what to do; see spreadable documents --help");
  };
}

}  // namespace spreadable::cli
