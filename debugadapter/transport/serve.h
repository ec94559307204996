#pragma once

#include <chrono>
#include <filesystem>
#include <functional>

#include "debugadapter/session/session.h"

namespace batchscope::transport {

struct ServeOptions {
  session::SessionOptions session;
  std::filesystem::path home;  ///< Where runs lie; record::RunsHome() when empty.
  std::filesystem::path log;   ///< Takes every DAP message, see MessageLog; empty: nothing does.
  int stop_fd = -1;            ///< Readable once the session is to end as if its client had gone; -1: never.
  /// Where the session asks for a token: how long the client may take until it has shown it, and what is called, on the
  /// session's thread, when it has.
  std::chrono::milliseconds token_limit{10'000};
  std::function<void()> on_token{};
};

/// Serves one client, which speaks DAP over two descriptors (they may be the same), until the session is over, the
/// client is gone (or did not show its token in time), or `in` ends; a step that was launched and is not to end with
/// the session is waited for. One thread; blocks. Neither descriptor is closed, nor are their flags changed. The
/// process ignores SIGPIPE.
void Serve(int in, int out, const ServeOptions& options);

}  // namespace batchscope::transport
