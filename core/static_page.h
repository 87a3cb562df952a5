// core/static_page.h: a file that a node serves as it stands.
#pragma once

#include <string>
#include <string_view>

namespace spreadable {

/// Something that never changes while the program runs, such as a script for browsers.
struct StaticPage {
  std::string path;  ///< in lower case, with a leading slash
  std::string content_type;
  std::string_view body;  ///< lives as long as the program
};

}  // namespace spreadable
