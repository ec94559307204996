#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/base/status.h"

namespace batchscope::input {

/// Files by their folder ("/" or an absolute path without a slash at its end); names as raw bytes.
using FilesByFolder = std::map<std::string, std::vector<std::string>, std::less<>>;

/// Adds the files that the absolute path stands for: a file itself, all files in and below a folder, or the files a
/// glob matches
/// (`**` as a whole component: any number of folders; a path that exists is no glob). Links are followed, a folder that
/// is reached twice is read once, and links that lead nowhere are passed over. In no order, and not yet made unique.
/// Errors: nothing there, no files in it, a folder that cannot be read.
Status AddFiles(std::string_view path, FilesByFolder& files);

}  // namespace batchscope::input
