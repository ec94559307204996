#include <fmt/format.h>
#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <cctype>
#include <charconv>
#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

#include "runtime/base/files.h"
#include "runtime/base/text.h"
#include "runtime/config/step.h"

/// Step files: YAML with the types of its core schema (`10` is a number, `"10"` is text), or JSON.
namespace batchscope::config {
namespace {

using nlohmann::json;

/// What stops a YAML document from being JSON; caught in this file.
class NotJson : public std::runtime_error {
 public:
  NotJson(const YAML::Mark& mark, const std::string& what)
      : std::runtime_error(fmt::format("line {}, column {}: {}", mark.line + 1, mark.column + 1, what)) {}
};

bool IsOneOf(std::string_view text, std::initializer_list<std::string_view> words) {
  return std::find(words.begin(), words.end(), text) != words.end();
}

/// A number's JSON, when the plain scalar is one: digits with a sign, a point or an exponent, .inf, .nan, 0x and 0o.
json Number(std::string_view text) {
  const bool negative = text.starts_with('-');
  std::string_view digits = text.substr(negative || text.starts_with('+') ? 1 : 0);
  const double sign = negative ? -1 : 1;
  if (IsOneOf(digits, {".inf", ".Inf", ".INF"})) return sign * std::numeric_limits<double>::infinity();
  if (IsOneOf(text, {".nan", ".NaN", ".NAN"})) return std::numeric_limits<double>::quiet_NaN();
  const int radix = digits.starts_with("0x") ? 16 : digits.starts_with("0o") ? 8 : 10;
  if (radix != 10) digits.remove_prefix(2);
  if (digits.empty() || digits.find_first_of("+-") == 0) return nullptr;
  const char* const end = digits.data() + digits.size();
  std::int64_t whole = 0;
  if (const auto [stop, error] = std::from_chars(digits.data(), end, whole, radix);
      error == std::errc() && stop == end) {
    return negative ? -whole : whole;
  }
  if (std::isdigit(static_cast<unsigned char>(digits[0])) == 0 && digits[0] != '.') return nullptr;
  double fraction = 0;
  if (const auto [stop, error] = std::from_chars(digits.data(), end, fraction); error == std::errc() && stop == end) {
    return sign * fraction;
  }
  return nullptr;
}

json Scalar(const YAML::Node& node) {
  const std::string& text = node.Scalar();
  if (!IsUtf8(text)) throw NotJson(node.Mark(), "found text that is not UTF-8: \"" + ToDisplay(text) + "\"");
  if (node.Tag() != "?") return text;  // Quoted, or tagged.
  if (IsOneOf(text, {"", "~", "null", "Null", "NULL"})) return nullptr;
  if (IsOneOf(text, {"true", "True", "TRUE"})) return true;
  if (IsOneOf(text, {"false", "False", "FALSE"})) return false;
  json number = Number(text);
  return number.is_null() ? json(text) : number;
}

/// Turns a document into JSON. Aliases are followed, which a short document can use to ask for an endless one.
class Converter {
 public:
  json Convert(const YAML::Node& node, int depth = 0) {
    if (depth > kDeepest || ++nodes_ > kMostNodes) throw NotJson(node.Mark(), "found aliases that never end");
    switch (node.Type()) {
      case YAML::NodeType::Scalar:
        return Scalar(node);
      case YAML::NodeType::Sequence: {
        json list = json::array();
        for (const YAML::Node& element : node) list.push_back(Convert(element, depth + 1));
        return list;
      }
      case YAML::NodeType::Map: {
        json object = json::object();
        for (const auto& member : node) {
          if (!member.first.IsScalar()) throw NotJson(member.first.Mark(), "found a name that is not text");
          const std::string& key = member.first.Scalar();
          if (!IsUtf8(key)) throw NotJson(member.first.Mark(), "found a name that is not UTF-8: " + ToDisplay(key));
          if (object.contains(key)) throw NotJson(member.first.Mark(), fmt::format("found {} a second time", key));
          object[key] = Convert(member.second, depth + 1);
        }
        return object;
      }
      default:
        return nullptr;
    }
  }

 private:
  static constexpr int kDeepest = 50;
  static constexpr int kMostNodes = 200'000;
  int nodes_ = 0;
};

Result<json> FromYaml(const std::string& text) {
  try {
    return Converter().Convert(YAML::Load(text));
  } catch (const YAML::Exception& error) {
    return Status::Error(fmt::format("line {}, column {}: {}", error.mark.line + 1, error.mark.column + 1, error.msg));
  } catch (const NotJson& error) {
    return Status::Error(error.what());
  }
}

Result<json> FromJson(const std::string& text) {
  try {
    return json::parse(text);
  } catch (const json::exception& error) {
    const std::string_view what = error.what();
    return Status::Error(std::string(what.substr(std::min(what.find("] ") + 2, what.size()))));
  }
}

}  // namespace

Result<json> ReadStepFile(const std::filesystem::path& file) {
  BATCHSCOPE_ASSIGN_OR_RETURN(const std::string text, ReadFile(file));
  const bool is_json = file.extension() == ".json";
  Result<json> step = is_json ? FromJson(text) : FromYaml(text);
  const std::string name = ToDisplay(file.string());
  if (!step.ok()) return step.status().Within(name + (is_json ? " is no JSON" : " is no YAML"));
  if (!step->is_object()) {
    return Status::Error(name + " holds no step; expected its settings: name, parallel_run_config, inputs and so on");
  }
  return step;
}

Result<StepConfig> LoadStepFile(const std::filesystem::path& file) {
  BATCHSCOPE_ASSIGN_OR_RETURN(const json step, ReadStepFile(file));
  std::error_code error;
  Result<StepConfig> parsed = ParseStep(step, std::filesystem::absolute(file, error).parent_path());
  if (!parsed.ok()) return Status::Error(fmt::format("{} cannot run:\n{}", ToDisplay(file.string()), parsed.message()));
  return parsed;
}

}  // namespace batchscope::config
