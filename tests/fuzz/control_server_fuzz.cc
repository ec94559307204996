// What a client sends to a run's control endpoint, over a real socket: as its first words when the first byte is even,
// behind a proper Join when it is odd. Whatever it is, the host goes on, and hears the end of each client that joined.
#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>

#include "runtime/wire/control.h"
#include "runtime/wire/control_socket.h"
#include "tests/fuzz/require.h"

namespace batchscope {
namespace {

struct Endpoint {
  Endpoint() {
    std::string path = (std::filesystem::temp_directory_path() / "control-XXXXXX").string();
    Check(::mkdtemp(path.data()) != nullptr, "no temporary folder");
    auto bound = wire::ControlServer::Bind(path);
    Check(bound.ok(), "{}", bound.message());
    server = std::move(bound).value();
    auto opened = wire::ControlFolder::Open(path);
    Check(opened.ok(), "{}", opened.message());
    folder.emplace(std::move(opened).value());
    token = folder->ReadToken().value();
    folder_path = path;
  }
  ~Endpoint() {
    server.reset();
    std::error_code ignored;
    std::filesystem::remove_all(folder_path, ignored);
  }

  std::unique_ptr<wire::ControlServer> server;
  std::optional<wire::ControlFolder> folder;
  std::string token;
  std::filesystem::path folder_path;
};

std::string Joining(const Endpoint& endpoint) {
  wire::SendQueue queue;
  queue.Add(wire::Encode(wire::FromClient(wire::Join{wire::kControlVersion, endpoint.token, "fuzzer", true})));
  int ends[2];
  Check(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) == 0, "no socket pair");
  const UniqueFd in(ends[0]);
  const UniqueFd out(ends[1]);
  Check(queue.Flush(in.get()).ok(), "cannot send");
  char bytes[1024];
  const ssize_t got = ::recv(out.get(), bytes, sizeof bytes, 0);
  Check(got > 0, "nothing was sent");
  return {bytes, static_cast<std::size_t>(got)};
}

}  // namespace
}  // namespace batchscope

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace batchscope;
  static const Endpoint endpoint;
  static const std::string joining = Joining(endpoint);
  if (size == 0) return 0;
  const bool joins = data[0] % 2 == 1;
  std::string sent = joins ? joining : std::string();
  sent.append(fuzz::AsText(data + 1, size - 1));
  {
    const auto fd = endpoint.folder->Connect(std::chrono::seconds(60));
    Check(fd.ok(), "{}", fd.message());
    ::send(fd->get(), sent.data(), sent.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
  }
  bool joined = false;
  bool gone = !joins;
  for (int turn = 0; turn < 10 && (turn == 0 || !gone); ++turn) {
    for (const wire::ClientEvent& event : endpoint.server->Take()) {
      Check(joins, "a client without a token was heard");
      joined = joined || std::holds_alternative<wire::ClientJoined>(event);
      Check(joined && !gone, "something of a client that is not there");
      gone = std::holds_alternative<wire::ClientGone>(event);
      if (const auto* said = std::get_if<wire::ClientSaid>(&event)) {
        endpoint.server->Send(said->client, wire::Notice{"heard"});
      }
    }
  }
  Check(gone && joined == joins, "the end of a client was not told");
  return 0;
}
