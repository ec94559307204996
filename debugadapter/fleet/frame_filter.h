#pragma once

#include <string>
#include <string_view>

#include "debugadapter/protocol/message.h"

namespace batchscope::fleet {

/// Whether a frame's file is one of Batchscope's own, which call user code in a worker.
bool IsOurFile(std::string_view path);

/// What a person needs not know of pydevd's texts about exceptions is cut: "(note: full exception trace is shown ...)".
std::string WithoutNote(std::string text);
/// Of a frame's name, or of a traceback's lines: "run (Current frame)" is run.
std::string WithoutCurrentFrame(std::string text);

/// The body of a stackTrace answer that has all frames: without ours, and of the rest those asked for. `levels` 0: all.
protocol::Json PageOfFrames(const protocol::Json& body, std::int64_t start, std::int64_t levels);

}  // namespace batchscope::fleet
