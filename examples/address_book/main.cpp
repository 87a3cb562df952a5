// address_book NODE COMMAND [ARGUMENT...]: an address book that a network keeps. Who adds an entry
// names a token, and only with it can the entry be changed or deleted. Try it:
//   spreadable start --kind documents --port 4001 --hostname localhost
//       --set 'collections={"contacts":{"pk":"email","indices":["name"]}}' &
//   address_book localhost:4001 add ann@example.com Ann my-token
//   address_book localhost:4001 find an
//   address_book localhost:4001 delete ann@example.com my-token
#include <iostream>
#include <stdexcept>
#include <string>
#include <vector>

#include "extensions/documents/client.h"
#include "services/net/curl_transport.h"
#include "services/net/system_resolver.h"
#include "services/system/system_clock.h"
#include "services/system/system_random.h"

using namespace spreadable;

namespace {

constexpr const char* kCollection = "contacts";

template <class T>
T value_or_throw(Result<T> result) {
  if (!result) throw std::runtime_error(result.error().message);
  return std::move(*result);
}

void add(documents::Client& book, const std::vector<std::string>& arguments) {
  documents::Client::Adding adding;
  adding.owner_token = arguments.at(2);
  const Json entry{{"email", arguments.at(0)}, {"name", arguments.at(1)}};
  std::cout << "added " << value_or_throw(book.add(kCollection, entry, adding)) << '\n';
}

/// Entries whose name contains the text, whatever its case, in order of names.
void find(documents::Client& book, const std::vector<std::string>& arguments) {
  documents::Client::Query query;
  query.filter = {{"name", {{"$ilk", arguments.at(0)}}}};
  query.sort = Json::array({"name"});
  query.limit = 20;
  const auto page = value_or_throw(book.get(kCollection, query));
  for (const Json& entry : page.documents) {
    std::cout << entry.value("name", "") << " <" << entry.value("email", "") << ">\n";
  }
  std::cout << page.documents.size() << " of " << page.total_count << '\n';
}

void remove(documents::Client& book, const std::vector<std::string>& arguments) {
  documents::Client::Change change;
  change.filter = {{"email", arguments.at(0)}};
  change.owner_token = arguments.at(1);
  std::cout << value_or_throw(book.remove(kCollection, change)) << " copies deleted\n";
}

}  // namespace

int main(int argc, char** argv) try {
  const std::vector<std::string> arguments(argv + 1, argv + argc);
  const auto node = Address::parse(arguments.at(0));
  if (!node) throw std::invalid_argument(node.error().message);
  SystemClock clock;
  SystemResolver resolver(clock);
  SystemRandom random;
  CurlTransport transport(clock, resolver);
  documents::Client book({.address = {*node}},
                         {.transport = transport, .clock = clock, .random = random});
  if (const auto found = book.init(); !found) throw std::runtime_error(found.error().message);
  const std::string& command = arguments.at(1);
  const std::vector<std::string> rest(arguments.begin() + 2, arguments.end());
  if (command == "add") {
    add(book, rest);
  } else if (command == "find") {
    find(book, rest);
  } else if (command == "delete") {
    remove(book, rest);
  } else {
    throw std::invalid_argument("commands are add EMAIL NAME TOKEN, find TEXT, delete EMAIL TOKEN");
  }
} catch (const std::out_of_range&) {
  std::cerr << "usage: address_book NODE add EMAIL NAME TOKEN | find TEXT | delete EMAIL TOKEN\n";
  return 2;
} catch (const std::exception& error) {
  std::cerr << error.what() << '\n';
  return 1;
}
