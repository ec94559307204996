#pragma once
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace batchscope::kernel {

// What a cell that begins with `%%writefile [-a] PATH` puts into a file.
struct WrittenFile {
  std::filesystem::path
      path;            // the end of it that is literal: without `..`, `~` and variables, and what is before them
  int first_line = 0;  // of the cell, counted from 1: the file's text begins there
  std::string text;    // ends with a newline, as IPython writes it

  bool operator==(const WrittenFile&) const = default;
};

// Nothing when the cell writes no file, or its line cannot be read.
std::optional<WrittenFile> ParseWritefile(const std::string& cell);

// What to add to a line of a file to get the line of the cell that wrote it; nothing when the file's text is not the
// cell's (any more). A file that was appended to must end with the cell's text.
std::optional<int> LinesToCell(const WrittenFile& written, const std::string& file_text);

// The cells whose code the front end has shown to the debugger.
class WrittenCells {
 public:
  // `source`: the path by which the front end knows the cell.
  void Note(const std::string& source, const std::string& code);
  // Null when the source is no cell that writes a file.
  [[nodiscard]] const WrittenFile* Find(const std::string& source) const;

  struct Place {
    std::string source;
    int line = 0;

    bool operator==(const Place&) const = default;
  };
  // The cell that has this line of this file; the one noted last when there are several.
  [[nodiscard]] std::optional<Place> CellOf(const std::filesystem::path& file, int line) const;

 private:
  struct Cell {
    std::string source;
    WrittenFile written;
  };
  std::vector<Cell> cells_;  // the one noted last is last
};

// The copy of a user's file that a run made, below the run's `entry` folder: the longest end of `path` that exists
// there. Nothing when there is none.
std::optional<std::filesystem::path> CopyInRun(const std::filesystem::path& entry, const std::filesystem::path& path);

}  // namespace batchscope::kernel
