#include <algorithm>
#include <nlohmann/json.hpp>
#include <ostream>

#include "runtime/base/text.h"
#include "runtime/cli/commands.h"
#include "runtime/cli/exit_code.h"
#include "runtime/cli/fleet_page.h"
#include "runtime/cli/places.h"
#include "runtime/cli/run_page.h"
#include "runtime/record/reader.h"

namespace batchscope::cli {
namespace {

constexpr std::uint64_t kErrorsRead = 10'000;
constexpr std::uint64_t kErrorsInJson = 1'000;
constexpr std::size_t kMiniBatchesInJson = 1'000;

Result<std::string> Page(const record::RunFolder& folder, const ShowOptions& options) {
  BATCHSCOPE_ASSIGN_OR_RETURN(const record::RunSummary run, record::ReadSummary(folder));
  BATCHSCOPE_ASSIGN_OR_RETURN(const record::Errors errors,
                              record::ReadErrors(folder, options.json ? kErrorsInJson : kErrorsRead));
  if (!options.json) return RunPage(run, errors);
  nlohmann::json page = ToJson(run);
  page["errors"] = ToJson(errors);
  page["errors_total"] = errors.total;
  if (options.mini_batches) {
    BATCHSCOPE_ASSIGN_OR_RETURN(const std::vector<record::MiniBatchRow> rows, record::ReadMiniBatches(folder));
    page["mini_batch_rows"] = ToJson(rows, kMiniBatchesInJson);
  }
  if (options.workers) {
    const std::optional<wire::Workers> workers = AskForWorkers(folder);
    page["workers"] = workers ? ToJson(*workers) : nlohmann::json();
  }
  return Pretty(page);
}

Result<std::string> Story(const record::RunFolder& folder, MiniBatchId id, bool json) {
  BATCHSCOPE_ASSIGN_OR_RETURN(const std::vector<std::string> items, record::ReadItems(folder, id));
  BATCHSCOPE_ASSIGN_OR_RETURN(const std::vector<std::string> lines, record::Why(folder, id));
  if (json) {
    nlohmann::json page = {
        {"mini_batch", id.value}, {"items", nlohmann::json::array()}, {"story", nlohmann::json::array()}};
    for (const std::string& item : items) page["items"].push_back(ToDisplay(item));
    for (const std::string& line : lines) page["story"].push_back(ToDisplay(line));
    return Pretty(page);
  }
  constexpr std::size_t kItemsShown = 20;
  std::string text = "mini-batch " + std::to_string(id.value) + ": " + Counted(items.size(), "item", "items") + "\n";
  for (std::size_t i = 0; i < std::min(items.size(), kItemsShown); ++i) text += "  " + ToDisplay(items[i]) + "\n";
  if (items.size() > kItemsShown) text += "  and " + std::to_string(items.size() - kItemsShown) + " more\n";
  text += "\n";
  for (const std::string& line : lines) text += ToDisplay(line) + "\n";
  return text;
}

}  // namespace

int ShowRun(const ShowOptions& options, std::ostream& out, std::ostream& err) {
  const Result<record::RunFolder> folder = record::FindRun(HomeOf(options.home), options.run);
  const Result<std::string> text = !folder.ok()  ? Result<std::string>(folder.status())
                                   : options.why ? Story(*folder, MiniBatchId{*options.why}, options.json)
                                                 : Page(*folder, options);
  if (!text.ok()) {
    err << "batchscope: " << ToDisplay(text.message()) << '\n';
    return kOther;
  }
  out << *text;
  return kCompleted;
}

}  // namespace batchscope::cli
