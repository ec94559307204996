#pragma once

#include <filesystem>

#include "debugadapter/session/session.h"

namespace batchscope::transport {

struct ServeOptions {
  session::SessionOptions session;
  std::filesystem::path home;  ///< Where runs lie; record::RunsHome() when empty.
};

/// Serves one client, which speaks DAP over two descriptors (they may be the same), until the session is over, the
/// client is gone, or `in` ends. One thread; blocks. Neither descriptor is closed.
void Serve(int in, int out, const ServeOptions& options);

}  // namespace batchscope::transport
