#include "runtime/worker/fork_mark.h"

#include <sys/mman.h>
#include <unistd.h>

namespace batchscope::worker {
namespace {

std::size_t PageSize() { return static_cast<std::size_t>(::sysconf(_SC_PAGESIZE)); }

}  // namespace

void ForkMark::Unmap::operator()(volatile char* page) const { ::munmap(const_cast<char*>(page), PageSize()); }

ForkMark::ForkMark() : pid_(::getpid()) {
  void* page = ::mmap(nullptr, PageSize(), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (page == MAP_FAILED) return;
  page_.reset(static_cast<volatile char*>(page));
  if (::madvise(page, PageSize(), MADV_WIPEONFORK) != 0) {
    page_.reset();
    return;
  }
  *page_ = 1;
}

bool ForkMark::in_child() const { return page_ ? *page_ == 0 : ::getpid() != pid_; }

}  // namespace batchscope::worker
