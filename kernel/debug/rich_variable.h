#pragma once
#include <optional>
#include <string>

#include <nlohmann/json_fwd.hpp>

namespace batchscope::kernel {

// A Python expression whose value is text that holds the variable's forms for people, by MIME type, in letters that
// survive a debugger's quoting. It needs nothing but Python where it is evaluated: workers may have no IPython.
std::string RichExpression(const std::string& name);

// {"data": ..., "metadata": ...} from the result of that expression; nothing when it is no such text.
std::optional<nlohmann::json> ReadRichResult(const std::string& result);

}  // namespace batchscope::kernel
