#include <ostream>

#include "runtime/base/text.h"
#include "runtime/cli/commands.h"
#include "runtime/cli/exit_code.h"
#include "runtime/cli/places.h"
#include "runtime/record/how_to_attach.h"
#include "runtime/record/reader.h"

namespace batchscope::cli {
namespace {

Result<record::RunFolder> Find(const AttachOptions& options) {
  const std::filesystem::path home = HomeOf(options.home);
  if (!options.run.empty()) return record::FindRun(home, options.run);
  for (const record::RunFolder& folder : record::ListRuns(home)) {
    const Result<record::RunSummary> run = record::ReadSummary(folder);
    if (run.ok() && run->status == "running") return folder;
  }
  return record::FindRun(home, "latest");
}

Result<std::string> Page(const AttachOptions& options) {
  BATCHSCOPE_ASSIGN_OR_RETURN(const record::RunFolder folder, Find(options));
  BATCHSCOPE_ASSIGN_OR_RETURN(const record::HowToAttach how, record::ReadHowToAttach(folder));
  return folder.id() + "\n\n" + record::InWords(how, AdapterCommand(SurroundingsOfThisProcess()));
}

}  // namespace

int HowToAttach(const AttachOptions& options, std::ostream& out, std::ostream& err) {
  const Result<std::string> page = Page(options);
  if (!page.ok()) {
    err << "batchscope: " << ToDisplay(page.message()) << '\n';
    return kOther;
  }
  out << *page;
  return kCompleted;
}

}  // namespace batchscope::cli
