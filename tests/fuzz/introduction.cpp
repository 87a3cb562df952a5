// Introductions between nodes of a closed network: nobody can make one, or make use of one that it
// overheard, without the credentials. The input changes true ones, or stands for one.
#include "core/introduction.h"

#include "tests/fuzz/fuzz.h"

namespace spreadable {
namespace {

const Address kAsker = *Address::parse("asker.example:1");
const Address kAsked = *Address::parse("asked.example:1");

const Introduction& of(const Address& self) {
  static const Introduction asker({.self = kAsker, .username = "user", .password = "password"});
  static const Introduction asked({.self = kAsked, .username = "user", .password = "password"});
  return self == kAsker ? asker : asked;
}

/// `text` with the bytes of `mask` laid over it.
std::string changed(std::string text, std::string_view mask) {
  for (std::size_t i = 0; i < std::min(text.size(), mask.size()); ++i) {
    text[i] = static_cast<char>(text[i] ^ mask[i]);
  }
  return text;
}

}  // namespace

void fuzz::run(std::string_view input) {
  static const Introduction::Question question = of(kAsker).ask(kAsked);
  static const std::string answer = *of(kAsked).answer(kAsker.text(), question.text);
  SPREADABLE_ASSERT(of(kAsker).is_right(question, answer));

  // The fuzzer sees what texts are compared with, so it finds the true ones.
  SPREADABLE_ASSERT(of(kAsked).answer(kAsker.text(), input).has_value() ==
                    (input == question.text));
  SPREADABLE_ASSERT(!of(kAsked).answer(input, question.text) || input == kAsker.text());
  SPREADABLE_ASSERT(of(kAsker).is_right(question, input) == (input == answer));
  SPREADABLE_ASSERT(!of(kAsker).answer(kAsked.text(), question.text));  // sent back to who asked

  const std::string other = changed(question.text, input);
  SPREADABLE_ASSERT(of(kAsked).answer(kAsker.text(), other).has_value() ==
                    (other == question.text));
  const std::string reply = changed(answer, input);
  SPREADABLE_ASSERT(of(kAsker).is_right(question, reply) == (reply == answer));
}

}  // namespace spreadable
