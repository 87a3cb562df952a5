#include <doctest/doctest.h>

#include <chrono>
#include <set>

#include "core/base64.h"
#include "services/approvals/captcha_approval.h"
#include "services/approvals/kinds.h"

namespace spreadable {
namespace {

CaptchaApproval make_captcha(CaptchaApproval::Look look = {}) {
  const auto length = static_cast<std::size_t>(look.style.length);
  return {"captcha", CaptchaApproval::default_options(length), std::move(look)};
}

Approval::Applicant applicant(Json info = {}) {
  return {IpAddress::loopback(), std::move(info)};
}

CaptchaPicture read(const Json& part) {
  auto text = part.get<std::string>();
  const std::string prefix = "data:image/png;base64,";
  if (text.starts_with(prefix)) text.erase(0, prefix.size());
  auto picture = CaptchaPicture::read(base64_decode(text).value());
  REQUIRE(picture);
  return std::move(*picture);
}

/// What `count` approvers drew, and the answer of somebody who reads the joined picture.
struct Drawn {
  std::vector<Json> parts;
  std::vector<Json> texts;
  std::string answer;

  Drawn(CaptchaApproval& captcha, std::size_t count, std::size_t length = 6) {
    for (std::size_t i = 0; i < count; ++i) {
      auto question = captcha.make_question(applicant());
      const CaptchaSlice slice = CaptchaSlice::of(i, count, length);
      answer += question.answer.get<std::string>().substr(0, slice.size);
      parts.push_back(std::move(question.part));
      texts.push_back(std::move(question.answer));
    }
  }
};

}  // namespace

TEST_CASE("captcha: slices: characters are shared in order, the rest goes to the last") {
  const auto sizes = [](std::size_t count) {
    std::vector<std::size_t> out;
    std::size_t end = 0;
    for (std::size_t i = 0; i < count; ++i) {
      const CaptchaSlice slice = CaptchaSlice::of(i, count, 6);
      CHECK(slice.begin == end);
      end += slice.size;
      out.push_back(slice.size);
    }
    CHECK(end == 6);
    return out;
  };
  CHECK(sizes(1) == std::vector<std::size_t>{6});
  CHECK(sizes(4) == std::vector<std::size_t>{1, 1, 2, 2});
  CHECK(sizes(5) == std::vector<std::size_t>{1, 1, 1, 1, 2});
  CHECK(sizes(6) == std::vector<std::size_t>(6, 1));
  CHECK(CaptchaSlice::of(0, 100, 6).size == 0);
}

TEST_CASE("captcha: answer: each approver finds its characters where the picture has them") {
  CaptchaApproval captcha = make_captcha();
  for (std::size_t count = 1; count <= 6; ++count) {
    const Drawn drawn(captcha, count);
    REQUIRE(drawn.answer.size() == 6);
    std::string loud = drawn.answer;
    for (char& c : loud) c = static_cast<char>(std::toupper(c));
    for (std::size_t i = 0; i < count; ++i) {
      INFO(i, " of ", count);
      CHECK(captcha.is_right_answer(drawn.texts[i], drawn.answer, {i, count}));
      CHECK(captcha.is_right_answer(drawn.texts[i], loud, {i, count}));
      CHECK_FALSE(captcha.is_right_answer(drawn.texts[i], "??????", {i, count}));
      CHECK_FALSE(captcha.is_right_answer(drawn.texts[i], drawn.answer + "x", {i, count}));
      CHECK_FALSE(captcha.is_right_answer(drawn.texts[i], "", {i, count}));
      CHECK_FALSE(captcha.is_right_answer(drawn.texts[i], drawn.answer, {0, 100}));
      CHECK_FALSE(captcha.is_right_answer(Json(), drawn.answer, {i, count}));
      CHECK_FALSE(captcha.is_right_answer(drawn.texts[i], Json(5), {i, count}));
    }
  }
}

TEST_CASE("captcha: question: one picture of the size asked for, also where a part is lost") {
  CaptchaApproval captcha = make_captcha();
  Drawn drawn(captcha, 5);
  const auto whole = captcha.join(applicant(), drawn.parts);
  REQUIRE(whole);
  const CaptchaPicture picture = read(*whole);
  CHECK(picture.width() == 240);
  CHECK(picture.height() == 40);
  drawn.parts[1] = Json();
  const auto rest = captcha.join(applicant(), drawn.parts);
  REQUIRE(rest);
  CHECK(*rest != *whole);
  CHECK(read(*rest).width() == 240);
}

TEST_CASE("captcha: pictures: as wide as wished, no two alike, with and without background") {
  CaptchaApproval captcha = make_captcha();
  const Json wishes{
      {"captchaWidth", 300}, {"captchaBackground", "#102030"}, {"captchaColor", "#808080"}};
  const CaptchaPicture picture = read(captcha.make_question(applicant(wishes)).part);
  CHECK(picture.width() == 300);
  CHECK(picture.height() == 50);
  std::set<Json> parts;
  std::set<Json> texts;
  for (int i = 0; i < 20; ++i) {
    const auto question = captcha.make_question(applicant());
    CHECK(question.part.get<std::string>().size() < 32768);
    parts.insert(question.part);
    texts.insert(question.answer);
  }
  CHECK(parts.size() == 20);
  CHECK(texts.size() == 20);
}

TEST_CASE("captcha: parts: what is no small PNG picture is not used") {
  CaptchaApproval captcha = make_captcha();
  const Json good = captcha.make_question(applicant()).part;
  CHECK(captcha.check_part(good));
  const std::string png = base64_decode(good.get<std::string>()).value();
  const auto changed = [&](std::size_t at, char byte) {
    std::string other = png;
    other[at] = byte;
    return Json(base64_encode(other));
  };
  for (const Json& part :
       {Json(), Json(5), Json(""), Json("?"), Json(std::string(32768, 'A')),
        Json(base64_encode("GIF89a")), Json(base64_encode(png.substr(0, 20))),
        Json(base64_encode(png.substr(0, 200))), changed(0, 'x'), changed(16, '\x7f'),
        changed(20, '\x7f'), changed(18, '\x7f'), changed(13, 'x')}) {
    INFO(dump_json(part).substr(0, 60));
    CHECK_FALSE(captcha.check_part(part));
  }
}

TEST_CASE("captcha: parts: one that is smaller than its share leaves a stroke") {
  CaptchaApproval captcha = make_captcha();
  const CaptchaPicture small = CaptchaPicture::blank({.width = 100, .background = {}, .color = {}});
  const Json part = base64_encode(small.png());
  CHECK(captcha.check_part(part));
  const auto joined = captcha.join(applicant(), {part});
  const auto lost = captcha.join(applicant(), {Json()});
  REQUIRE(joined);
  REQUIRE(lost);
  CHECK(*joined == *lost);
}

TEST_CASE("captcha: info: is checked to the letter") {
  CaptchaApproval captcha = make_captcha();
  for (const Json& info :
       {Json(), Json::object(), Json{{"captchaWidth", 100}}, Json{{"captchaWidth", 500}},
        Json{{"captchaBackground", "transparent"}, {"captchaColor", "random"}},
        Json{{"captchaBackground", "#A0b0C0"}}}) {
    INFO(dump_json(info));
    CHECK(captcha.check_info(info));
  }
  for (const Json& info :
       {Json(5), Json::array(), Json{{"captchaWidth", 99}}, Json{{"captchaWidth", 501}},
        Json{{"captchaWidth", "240"}}, Json{{"captchaWidth", 240.5}},
        Json{{"captchaBackground", "random"}}, Json{{"captchaColor", "transparent"}},
        Json{{"captchaColor", "#12345"}}, Json{{"captchaColor", "#12345g"}},
        Json{{"captchaShadows", 1}}, Json{{"other", 1}}}) {
    INFO(dump_json(info));
    const Result<void> passed = captcha.check_info(info);
    REQUIRE_FALSE(passed);
    CHECK(passed.error().code == Errc::logical);
    CHECK(passed.error().wire_code.starts_with("ERR_SPREADABLE_VALIDATE_SCHEMA"));
  }
}

TEST_CASE("captcha: config: is made from its settings, mistakes are named") {
  const auto make = [](Json settings) {
    return make_approval({"human", "captcha", std::move(settings)});
  };
  const auto made = make({{"captchaLength", 5},
                          {"captchaWidth", 200},
                          {"captchaShadows", 0},
                          {"captchaBackground", "#ffffff"},
                          {"decisionLevel", "80%"}});
  REQUIRE(made);
  CHECK((*made)->options().approvers.of(100) == 5);
  CHECK((*made)->options().decision_level.of(5) == 4);
  CHECK((*made)->make_question(applicant()).answer.get<std::string>().size() == 5);
  for (const auto& row : {std::pair<const char*, Json>{"captchaLength", 0},
                          {"captchaLength", 13},
                          {"captchaWidth", 50},
                          {"captchaShadows", -1},
                          {"captchaColor", "red"},
                          {"approversCount", 6},
                          {"decisionLevel", "x"},
                          {"captchaHeight", 40}}) {
    const auto& [key, value] = row;
    INFO(row.first);
    const auto refused = make({{key, value}});
    REQUIRE_FALSE(refused);
    CHECK(refused.error().message.find("approval.human") != std::string::npos);
    CHECK(refused.error().message.find(key) != std::string::npos);
  }
}

TEST_CASE("captcha: font: a node whose font is missing does not start, and says which") {
  CaptchaApproval good = make_captcha();
  CHECK(good.init());
  CaptchaApproval bad = make_captcha({.style = {}, .font = "/no/such/font.ttf"});
  const Result<void> started = bad.init();
  REQUIRE_FALSE(started);
  CHECK(started.error().message.find("/no/such/font.ttf") != std::string::npos);
  CHECK(started.error().message.find("fonts-dejavu-core") != std::string::npos);
}

}  // namespace spreadable
