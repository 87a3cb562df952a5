// examples/proof_of_work/proof_of_work.h: an approval of one's own. A client pays with processor
// time: it looks for a counter that, behind the words of all approvers, makes a hash begin with
// many zero bits.
#pragma once
#include <openssl/evp.h>

#include <array>
#include <bit>

#include "core/base64.h"
#include "core/secret.h"
#include "services/approvals/approval.h"

namespace proof_of_work {

using namespace spreadable;

class ProofOfWork final : public Approval {
 public:
  ProofOfWork(Options options, int bits) : Approval("work", options), bits_(bits) {}

  /// Each approver gives a word of its own, and wants to see it again.
  Question make_question(const Applicant&) override {
    const std::string word = base64_encode(secret_bytes(9));
    return {.part = word, .answer = word};
  }
  Result<void> check_part(const Json& part) const override {
    if (part.is_string() && part.get<std::string>().size() == kWordBytes) return {};
    return Error{Errc::bad_response, "expected a word", {}};
  }
  /// All words in a row are the beginning of the answer; one that is lost leaves its place.
  Result<Json> join(const Applicant&, const std::vector<Json>& parts) const override {
    std::string words;
    const std::string lost(kWordBytes, '-');
    for (const Json& part : parts) words += part.is_null() ? lost : part.get<std::string>();
    return Json{{"words", words}, {"bits", bits_}};
  }
  bool is_right_answer(const Json& expected, const Json& given, const Seat& seat) const override {
    const auto answer = given.get<std::string>();  // check_answer() has seen that it is a text
    if (answer.size() < seat.count * kWordBytes || zero_bits(answer) < bits_) return false;
    return expected == answer.substr(seat.index * kWordBytes, kWordBytes);
  }
  /// What a client does.
  static std::string solve(const Json& question) {
    std::string answer = question["words"];
    for (int counter = 0; zero_bits(answer) < question["bits"]; ++counter)
      answer = question["words"].get<std::string>() + std::to_string(counter);
    return answer;
  }

 private:
  static constexpr std::size_t kWordBytes = 12;
  static int zero_bits(const std::string& text) {
    std::array<unsigned char, 32> hash{};
    EVP_Digest(text.data(), text.size(), hash.data(), nullptr, EVP_sha256(), nullptr);
    int bits = 0;
    for (int i = 0; bits == 8 * i && i < 32; ++i)
      bits += std::countl_zero(hash[static_cast<std::size_t>(i)]);
    return bits;
  }
  const int bits_;
};

}  // namespace proof_of_work
