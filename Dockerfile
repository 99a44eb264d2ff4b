# rnnbench on PyTorch's CPU build. It measures the quick sweep by default:
#   docker build -t rnnbench . && docker run --rm -v "$PWD/results:/data/results" rnnbench
FROM python:3.13-slim
WORKDIR /source
COPY . .
ENV UV_TORCH_BACKEND=cpu
RUN python -m pip install --no-cache-dir uv \
    && uv pip install --system --no-cache --constraint constraints.txt . \
    && rnnbench --version
WORKDIR /data
ENTRYPOINT ["rnnbench"]
CMD ["run"]
