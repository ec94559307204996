#include "runtime/record/run_folder.h"

#include <arpa/inet.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <netinet/in.h>

#include <array>
#include <cstdlib>
#include <memory>

namespace batchscope::record {
namespace {

std::filesystem::path FromEnvironment(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? std::filesystem::path() : std::filesystem::path(value);
}

}  // namespace

std::filesystem::path RunsHome() {
  if (const auto own = FromEnvironment("BATCHSCOPE_HOME"); !own.empty()) return own / "runs";
  // A relative XDG_DATA_HOME is to be ignored, as the specification of these folders says.
  if (const auto data = FromEnvironment("XDG_DATA_HOME"); data.is_absolute()) return data / "batchscope" / "runs";
  return FromEnvironment("HOME") / ".local" / "share" / "batchscope" / "runs";
}

std::string NodeName() {
  std::string name = "127.0.0.1";
  ifaddrs* first = nullptr;
  if (::getifaddrs(&first) != 0) return name;
  const std::unique_ptr<ifaddrs, decltype(&::freeifaddrs)> owner(first, &::freeifaddrs);
  for (const ifaddrs* each = first; each != nullptr; each = each->ifa_next) {
    if (each->ifa_addr == nullptr || each->ifa_addr->sa_family != AF_INET || (each->ifa_flags & IFF_LOOPBACK) != 0)
      continue;
    std::array<char, INET_ADDRSTRLEN> text{};
    const auto* address = reinterpret_cast<const sockaddr_in*>(each->ifa_addr);
    if (::inet_ntop(AF_INET, &address->sin_addr, text.data(), text.size()) != nullptr) return text.data();
  }
  return name;
}

}  // namespace batchscope::record
