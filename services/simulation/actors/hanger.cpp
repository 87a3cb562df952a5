#include "services/simulation/actors/hanger.h"

#include <utility>

namespace spreadable {

HttpResponse Hanger::answer(HttpRequest request) {
  return node().random().uniform() < share_ ? silence() : honest(std::move(request));
}

}  // namespace spreadable
