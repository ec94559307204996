#pragma once
#include <string>
#include <string_view>

#include "kernel/view/progress.h"

namespace batchscope::kernel {

// A few lines for clients without HTML: what the HTML says, shorter.
std::string RenderText(const Progress& progress);

// One bar and one line below it, for light and dark themes: colours come from the front end's own (JupyterLab's and VS
// Code's variables), text takes the colour of its surroundings. No script, no style sheet: saved notebooks show it as
// it was.
std::string RenderHtml(const Progress& progress);

// "1,234,567"
std::string RenderCount(std::int64_t count);
// Safe inside an element and inside an attribute in double quotes.
std::string EscapeHtml(std::string_view text);

}  // namespace batchscope::kernel
