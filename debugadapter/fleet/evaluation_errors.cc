#include "debugadapter/fleet/evaluation_errors.h"

#include <algorithm>
#include <cctype>

namespace batchscope::fleet {
namespace {

constexpr std::string_view kOfCondition = "pydevd: Error while evaluating expression in conditional breakpoint: ";
/// The end of a SyntaxError's text; a log message that cannot be evaluated is replaced by it.
constexpr std::string_view kInString = " (<string>, line ";

bool StartsWith(std::string_view text, std::string_view start) { return text.substr(0, start.size()) == start; }

std::string_view WithoutEnd(std::string_view text) {
  while (!text.empty() && std::isspace(static_cast<unsigned char>(text.back())) != 0) text.remove_suffix(1);
  return text;
}

template <typename Matches>
std::vector<int> Owners(const Configuration& sent, const Matches& matches) {
  std::vector<int> owners;
  for (const auto& [path, stops] : sent.lines) {
    for (const LineStop& stop : stops) {
      if (matches(stop.condition, stop.log_message)) owners.push_back(stop.owner);
    }
  }
  for (const FunctionStop& stop : sent.functions) {
    if (matches(stop.condition, {})) owners.push_back(stop.owner);
  }
  return owners;
}

/// `text`: the condition, the end of its line, and a traceback.
std::optional<EvaluationError> OfCondition(std::string_view text, const Configuration& sent) {
  EvaluationError error;
  error.owners = Owners(sent, [&](const std::string& condition, const std::string&) {
    return !condition.empty() && StartsWith(text, condition + "\n");
  });
  if (error.owners.empty()) return std::nullopt;
  const std::string_view lines = WithoutEnd(text);
  error.reason = lines.substr(lines.rfind('\n') + 1);
  return error;
}

std::optional<EvaluationError> OfLogMessage(std::string_view text, const Configuration& sent) {
  text = WithoutEnd(text);
  const std::size_t at = text.rfind(kInString);
  if (at == std::string_view::npos || text.back() != ')') return std::nullopt;
  const std::string_view line = text.substr(at + kInString.size(), text.size() - at - kInString.size() - 1);
  const auto is_digit = [](char c) { return std::isdigit(static_cast<unsigned char>(c)) != 0; };
  if (line.empty() || !std::all_of(line.begin(), line.end(), is_digit)) return std::nullopt;
  EvaluationError error;
  error.in_log_message = true;
  error.owners = Owners(sent, [](const std::string&, const std::string& log_message) {
    return log_message.find('{') != std::string::npos;
  });
  if (error.owners.empty()) return std::nullopt;
  error.reason = "SyntaxError: " + std::string(text.substr(0, at));
  return error;
}

}  // namespace

std::optional<EvaluationError> FindEvaluationError(std::string_view output, const Configuration& sent) {
  if (StartsWith(output, kOfCondition)) return OfCondition(output.substr(kOfCondition.size()), sent);
  return OfLogMessage(output, sent);
}

}  // namespace batchscope::fleet
