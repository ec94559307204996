#include "kernel/debug/written_cells.h"

#include <algorithm>
#include <cctype>
#include <utility>

#include "runtime/base/files.h"

namespace batchscope::kernel {
namespace {

namespace fs = std::filesystem;

// Words as a shell has them, quotes taken off.
std::vector<std::string> Words(const std::string& line) {
  std::vector<std::string> words;
  std::string word;
  bool in_word = false;
  char quote = 0;
  for (const char c : line) {
    if (quote != 0) {
      if (c == quote) {
        quote = 0;
      } else {
        word += c;
      }
    } else if (c == '\'' || c == '"') {
      quote = c;
      in_word = true;
    } else if (std::isspace(static_cast<unsigned char>(c)) == 0) {
      word += c;
      in_word = true;
    } else if (in_word) {
      words.push_back(std::exchange(word, {}));
      in_word = false;
    }
  }
  if (in_word) {
    words.push_back(word);
  }
  return words;
}

fs::path LiteralEnd(const std::string& name) {
  fs::path end;
  for (const fs::path& part : fs::path(name).relative_path()) {
    const std::string& text = part.native();
    const bool literal = text != ".." && text.find_first_of("{}$~") == std::string::npos;
    end = !literal ? fs::path() : text == "." ? end : end / part;
  }
  return end;
}

bool IsBlank(std::string_view line) {
  return std::all_of(line.begin(), line.end(), [](unsigned char c) { return std::isspace(c) != 0; });
}

}  // namespace

std::optional<WrittenFile> ParseWritefile(const std::string& cell) {
  std::size_t begin = 0;
  int number = 1;
  std::size_t end = cell.find('\n');
  while (end != std::string::npos &&
         IsBlank(std::string_view(cell).substr(begin, end - begin))) {  // IPython drops them
    begin = end + 1;
    end = cell.find('\n', begin);
    ++number;
  }
  if (end == std::string::npos) {
    return std::nullopt;  // no text behind the magic
  }
  const std::vector<std::string> words = Words(cell.substr(begin, end - begin));
  if (words.empty() || (words.front() != "%%writefile" && words.front() != "%%file")) {
    return std::nullopt;
  }
  std::string name;
  for (auto word = words.begin() + 1; word != words.end(); ++word) {
    if (*word != "-a" && *word != "--append") {
      name = *word;
    }
  }
  WrittenFile written{LiteralEnd(name), number + 1, cell.substr(end + 1)};
  if (written.path.empty() || IsBlank(written.text)) {
    return std::nullopt;
  }
  if (written.text.back() != '\n') {
    written.text += '\n';
  }
  return written;
}

std::optional<int> LinesToCell(const WrittenFile& written, const std::string& file_text) {
  if (!file_text.ends_with(written.text)) {
    return std::nullopt;
  }
  const std::size_t before = file_text.size() - written.text.size();
  if (before > 0 && file_text[before - 1] != '\n') {
    return std::nullopt;
  }
  const auto text_begin = file_text.begin() + static_cast<std::ptrdiff_t>(before);
  const auto lines_before = static_cast<int>(std::count(file_text.begin(), text_begin, '\n'));
  return written.first_line - 1 - lines_before;
}

void WrittenCells::Note(const std::string& source, const std::string& code) {
  std::erase_if(cells_, [&source](const Cell& cell) { return cell.source == source; });
  if (auto written = ParseWritefile(code)) {
    cells_.push_back({source, std::move(*written)});
  }
}

const WrittenFile* WrittenCells::Find(const std::string& source) const {
  const auto found =
      std::find_if(cells_.begin(), cells_.end(), [&source](const Cell& cell) { return cell.source == source; });
  return found == cells_.end() ? nullptr : &found->written;
}

std::optional<WrittenCells::Place> WrittenCells::CellOf(const fs::path& file, int line) const {
  std::optional<std::string> text;
  for (auto cell = cells_.rbegin(); cell != cells_.rend(); ++cell) {
    if (cell->written.path.filename() != file.filename()) {
      continue;
    }
    if (!text) {
      const Result<std::string> read = ReadFile(file);
      if (!read.ok()) {
        return std::nullopt;
      }
      text = read.value();
    }
    const std::optional<int> more = LinesToCell(cell->written, *text);
    if (more && line + *more >= cell->written.first_line) {
      return Place{cell->source, line + *more};
    }
  }
  return std::nullopt;
}

std::optional<fs::path> CopyInRun(const fs::path& entry, const fs::path& path) {
  const fs::path whole = path.relative_path();
  for (auto from = whole.begin(); from != whole.end(); ++from) {
    fs::path candidate = entry;
    for (auto part = from; part != whole.end(); ++part) {
      candidate /= *part;
    }
    std::error_code ignored;
    if (fs::is_regular_file(candidate, ignored)) {
      return candidate;
    }
  }
  return std::nullopt;
}

}  // namespace batchscope::kernel
