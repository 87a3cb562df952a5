// Whether the time of a login attempt tells how much of it was right. Bar A16.
//
// As in dudect (O. Reparaz, J. Balasch, I. Verbauwhede, "Dude, is my code constant time?", DATE
// 2017): many single timings of two classes of input, drawn in random order so that whatever else
// the machine does falls on both alike, and compared by Welch's t. Slow timings are mostly other
// people's, so the test is made for all timings and for those below each of many percentiles; the
// largest t of all counts. What differs between the classes must be what is asked about, and
// nothing else: the same guesses go to the same checkers in both, only paired differently, so that
// branch predictors and caches see the same bytes either way. In class 0 a guess is right but for
// its last character, in class 1 for its first.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cmath>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/authentication.h"
#include "services/system/system_random.h"
#include "tests/security/commands.h"
#include "tests/security/statistics.h"
#include "tests/support/manual_clock.h"

namespace spreadable::sectest {
namespace {

constexpr std::size_t kTimings = 1'000'000;
constexpr std::size_t kWarmUp = 10'000;
constexpr std::size_t kPairs = 64;
constexpr std::size_t kSecretBytes = 43;  // those of a session token
constexpr std::size_t kCrops = 50;
constexpr double kBar = 4.5;

struct Timing {
  std::size_t sample = 0;
  double nanoseconds = 0;
};

/// The largest |t| over all timings and over those below each percentile.
double largest_t(const std::vector<Timing>& timings) {
  std::vector<double> sorted;
  sorted.reserve(timings.size());
  for (const Timing& timing : timings) sorted.push_back(timing.nanoseconds);
  std::sort(sorted.begin(), sorted.end());
  double largest = 0;
  for (std::size_t crop = 0; crop <= kCrops; ++crop) {
    // The percentiles stand close together at the top, where the strangers are.
    const double share = 1 - std::pow(0.5, 10.0 * static_cast<double>(crop + 1) / kCrops);
    const auto at = static_cast<std::size_t>(share * static_cast<double>(sorted.size() - 1));
    const double limit = crop == kCrops ? sorted.back() : sorted[at];
    Welch welch;
    for (const Timing& timing : timings) {
      if (timing.nanoseconds <= limit) welch.add(timing.sample, timing.nanoseconds);
    }
    largest = std::max(largest, std::abs(welch.t()));
  }
  return largest;
}

/// What is timed: run(), after prepare() for one of the two classes.
struct Trial {
  std::function<void(std::size_t sample)> prepare;
  std::function<void()> run;
};

/// Times the trial in random order of the classes.
double compare(Random& random, const Trial& trial) {
  std::vector<Timing> timings;
  timings.reserve(kTimings);
  for (std::size_t i = 0; i < kTimings + kWarmUp; ++i) {
    const std::size_t sample = random.below(2);
    trial.prepare(sample);
    const auto begin = std::chrono::steady_clock::now();
    trial.run();
    const std::chrono::duration<double, std::nano> took = std::chrono::steady_clock::now() - begin;
    if (i >= kWarmUp) timings.push_back({sample, took.count()});
  }
  return largest_t(timings);
}

std::string random_text(Random& random, std::size_t size) {
  constexpr std::string_view kLetters = "abcdefghijklmnopqrstuvwxyz0123456789";
  std::string text;
  while (text.size() < size) text += kLetters[random.below(kLetters.size())];
  return text;
}

char other_than(char c) {
  return c == 'x' ? 'y' : 'x';
}

/// Pairs of secrets with pairs of guesses, each of which is right for one of the secrets but for
/// its last character, and for the other but for its first.
struct Pairs {
  struct Match {
    std::size_t pair = 0;
    std::size_t secret = 0;
    std::size_t guess = 0;
  };

  explicit Pairs(Random& random) {
    for (std::size_t i = 0; i < kPairs; ++i) {
      const std::string middle = random_text(random, kSecretBytes - 2);
      const std::string first = random_text(random, 1);
      const std::string last = random_text(random, 1);
      const std::string other_first(1, other_than(first[0]));
      const std::string other_last(1, other_than(last[0]));
      secrets.push_back({first + middle + last, other_first + middle + other_last});
      guesses.push_back({first + middle + other_last, other_first + middle + last});
    }
  }
  /// A guess, and the secret that it is put to: in class 0 the one that it begins like.
  static Match any(Random& random, std::size_t sample) {
    const std::size_t guess = random.below(2);
    return {random.below(kPairs), sample == 0 ? guess : 1 - guess, guess};
  }

  std::vector<std::array<std::string, 2>> secrets;
  std::vector<std::array<std::string, 2>> guesses;
};

/// One request to `checker`; what comes of it is for nobody.
void visit(const Authentication& checker, const HttpRequest& request) {
  CallContext call{.request = request,
                   .body = Json(),
                   .deadline = Deadline(TimePoint()),
                   .client_ip = IpAddress::loopback()};
  static_cast<void>(checker.check(call).has_value());
}

/// The shipped check of an Authorization header.
double of_passwords(Random& random) {
  ManualClock clock;
  const Pairs pairs(random);
  std::vector<std::array<std::unique_ptr<Authentication>, 2>> checkers(kPairs);
  std::vector<std::array<HttpRequest, 2>> requests(kPairs);
  for (std::size_t i = 0; i < kPairs; ++i) {
    for (std::size_t k = 0; k < 2; ++k) {
      checkers[i][k] = std::make_unique<Authentication>(
          Authentication::Options{
              .realm = "localhost:1", .username = "user", .password = pairs.secrets[i][k]},
          clock);
      requests[i][k].headers.add("authorization", basic_authorization("user", pairs.guesses[i][k]));
    }
  }
  Pairs::Match match;
  return compare(
      random,
      {[&](std::size_t sample) { match = Pairs::any(random, sample); },
       [&] { visit(*checkers[match.pair][match.secret], requests[match.pair][match.guess]); }});
}

/// The cookie that a login gets.
std::string log_in(const Authentication& checker) {
  HttpRequest login;
  login.headers.add("authorization", basic_authorization("user", "password"));
  CallContext call{.request = login,
                   .body = Json(),
                   .deadline = Deadline(TimePoint()),
                   .client_ip = IpAddress::loopback()};
  static_cast<void>(checker.check(call).has_value());
  const std::string_view set = call.reply_headers.find("set-cookie").value_or("");
  return std::string(set.substr(0, set.find(';')));
}

/// The shipped check of a session's cookie. A look-up takes its own time for each guess, so no
/// guess comes twice: in class 0 the first half is that of a session, in class 1 the second.
double of_tokens(Random& random) {
  ManualClock clock;
  const Authentication checker({.realm = "localhost:1", .username = "user", .password = "password"},
                               clock);
  std::vector<std::string> cookies;
  for (std::size_t i = 0; i < kPairs; ++i) cookies.push_back(log_in(checker));
  HttpRequest request;
  return compare(random, {[&](std::size_t sample) {
                            std::string guess = cookies[random.below(kPairs)];
                            const std::size_t half = kSecretBytes / 2;
                            const std::size_t token_at = guess.size() - 2 * half;
                            guess.replace(token_at + (sample == 0 ? half : 0), half,
                                          random_text(random, half));
                            request.headers = {{"cookie", guess}};
                          },
                          [&] { visit(checker, request); }});
}

/// A comparison that ends at the first difference: what the method must be able to see.
double of_early_end(Random& random) {
  const Pairs pairs(random);
  volatile bool is_equal = false;
  Pairs::Match match;
  return compare(random, {[&](std::size_t sample) { match = Pairs::any(random, sample); },
                          [&] {
                            const std::string& secret = pairs.secrets[match.pair][match.secret];
                            const std::string& guess = pairs.guesses[match.pair][match.guess];
                            is_equal = std::equal(guess.begin(), guess.end(), secret.begin());
                          }});
}

}  // namespace

bool run_auth_timing() {
  SeededRandom random(11);
  struct Row {
    const char* what;
    double (*measure)(Random&);
    bool is_seen;
  };
  bool is_met = true;
  for (const Row& row : {Row{"a comparison that ends early", of_early_end, true},
                         Row{"the check of passwords", of_passwords, false},
                         Row{"the check of session tokens", of_tokens, false}}) {
    const double t = row.measure(random);
    fmt::print("auth: {}: t = {:.2f} over {} timings, to be {} {}\n", row.what, t, kTimings,
               row.is_seen ? "above" : "below", kBar);
    is_met = is_met && (t > kBar) == row.is_seen;
  }
  return is_met;
}

}  // namespace spreadable::sectest
