#include "services/behaviours/evidence.h"

#include <algorithm>
#include <utility>

namespace spreadable {

Duration Evidence::patience(Testimony testimony) const {
  switch (testimony) {
    case Testimony::elsewhere:
      return options_.elsewhere_min;
    case Testimony::absent:
      return options_.absence_min;
    case Testimony::unclear:
    case Testimony::present:
    case Testimony::missing:
      break;
  }
  return Duration::zero();
}

bool Evidence::is_away(const Word& word) {
  return word.testimony == Testimony::elsewhere || word.testimony == Testimony::absent;
}

bool Evidence::is_against(const Word& word) const {
  if (word.words_against > 0) return true;
  return is_away(word) && word.heard_at - word.since >= patience(word.testimony);
}

std::vector<Address> Evidence::choose(const std::vector<Address>& list, std::size_t count,
                                      Random& random, TimePoint now) const {
  std::vector<Address> order = list;
  random.shuffle(order);
  // Smaller goes first.
  const auto rank = [&](const Address& slave) -> std::pair<int, TimePoint> {
    const auto word = words_.find(slave);
    if (word == words_.end()) return {1, {}};
    const Duration wait = patience(word->second.testimony);
    const bool is_due = wait > Duration::zero() && now - word->second.since >= wait;
    return {is_due ? 0 : 2, word->second.heard_at};
  };
  std::stable_sort(order.begin(), order.end(),
                   [&](const Address& a, const Address& b) { return rank(a) < rank(b); });
  order.resize(std::min(order.size(), count));
  return order;
}

void Evidence::note(const Address& witness, Testimony testimony, TimePoint now) {
  if (words_.size() >= options_.witnesses_max && !words_.contains(witness)) {
    words_.erase(std::min_element(words_.begin(), words_.end(), [](const auto& a, const auto& b) {
      return a.second.heard_at < b.second.heard_at;
    }));
  }
  Word& word = words_[witness];
  if (word.testimony != testimony) word.since = now;
  word.testimony = testimony;
  word.heard_at = now;
  if (testimony == Testimony::missing) {
    word.words_against = options_.words_to_forgive;
  } else if (testimony == Testimony::present && word.words_against > 0) {
    --word.words_against;
  }
}

void Evidence::keep_only(const std::vector<Address>& list, TimePoint now) {
  std::vector<Address> sorted = list;
  std::sort(sorted.begin(), sorted.end());
  std::erase_if(words_, [&](const auto& item) {
    const auto& [witness, word] = item;
    const bool is_old = !is_away(word) && now - word.heard_at > options_.validity;
    return is_old || !std::binary_search(sorted.begin(), sorted.end(), witness);
  });
}

std::size_t Evidence::against() const {
  return static_cast<std::size_t>(std::count_if(
      words_.begin(), words_.end(), [&](const auto& item) { return is_against(item.second); }));
}

bool Evidence::has_heard_enough(std::size_t list_length) const {
  return list_length >= options_.list_min &&
         words_.size() >= std::min(options_.witnesses_min, list_length);
}

bool Evidence::is_damning(std::size_t list_length) const {
  const auto own = words_.find(self_);
  if (own != words_.end() && is_against(own->second)) return true;
  if (!has_heard_enough(list_length)) return false;
  const auto clear = std::count_if(words_.begin(), words_.end(), [](const auto& item) {
    return item.second.testimony != Testimony::unclear;
  });
  const std::size_t guilty = against();
  return guilty >= options_.against_min &&
         static_cast<double>(guilty) > options_.share * static_cast<double>(clear);
}

}  // namespace spreadable
